"""What is sold, one file per endpoint."""
