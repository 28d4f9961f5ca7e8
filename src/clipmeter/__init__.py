"""clipmeter: the TikTok Video Details API that anybody can run."""

__version__ = "0.1.0"
