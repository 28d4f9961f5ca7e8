"""The only door to the internet."""

from clipmeter.fetch.door import Fetch, unknown_browser

__all__ = ["Fetch", "unknown_browser"]
