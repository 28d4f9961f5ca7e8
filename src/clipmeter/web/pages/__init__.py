"""The pages that people use: plain HTML forms, made on the server, without any script."""
