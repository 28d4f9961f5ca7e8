"""What people type, as the program knows it."""

from clipmeter.billing.money import read_dollars


def limit_of(text: str) -> int | None:
    """A limit in micro-dollars; None for an empty field, or for `none`. Raises InvalidParameter."""
    return read_dollars(text.strip() or "none")
