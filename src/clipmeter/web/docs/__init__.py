"""What is written for readers: the catalogue, endpoint pages, guides, and everything made of them."""
