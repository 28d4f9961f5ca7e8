"""What happened, kept for people to look at, off the paid path: nothing here may slow a request down or fail it."""
