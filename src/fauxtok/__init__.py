"""A TikTok in one process, for test mode and tests. Imports nothing from clipmeter."""
