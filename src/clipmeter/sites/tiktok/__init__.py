"""Everything that knows TikTok."""
