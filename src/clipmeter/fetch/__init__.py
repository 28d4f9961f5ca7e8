"""The only door to the internet."""

from clipmeter.fetch.door import Fetch

__all__ = ["Fetch"]
