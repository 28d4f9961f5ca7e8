"""Amounts as the command line reads and writes them: as everybody does."""

from clipmeter.billing.money import MICROS, dollars, read_dollars

__all__ = ["MICROS", "dollars", "read_dollars"]
