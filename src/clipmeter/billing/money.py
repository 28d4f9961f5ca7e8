"""Dollars as people write them and micro-dollars as the ledger counts them, exactly: no binary fractions anywhere."""

import re

from clipmeter.errors import InvalidParameter

MICROS = 1_000_000
_DOLLARS = re.compile(r"\$?([0-9]{1,9})(?:\.([0-9]{1,6}))?")


def read_dollars(text: str) -> int | None:
    """Micro-dollars of an amount like 5, 0.5 or $12.50; None for `none`. Raises InvalidParameter."""
    if text.strip().lower() == "none":
        return None
    amount = _DOLLARS.fullmatch(text.strip())
    if amount is None:
        raise InvalidParameter(
            f"{text!r} is no amount: write dollars like 5 or 12.50, with at most 6 digits after the point and no "
            "commas, or none for no limit."
        )
    return int(amount[1]) * MICROS + int((amount[2] or "").ljust(6, "0"))


def dollars(micros: int) -> str:
    """An amount for people, to the last digit: $0.006000; -$0.006000 for what is given back."""
    whole, rest = divmod(abs(micros), MICROS)
    return f"{'-' if micros < 0 else ''}${whole}.{rest:06}"


def short_dollars(micros: int) -> str:
    """An amount for people, exactly, with the cents and only those digits after them that are not 0: $5.00, $0.006."""
    whole, rest = divmod(abs(micros), MICROS)
    digits = f"{rest:06}"
    return f"{'-' if micros < 0 else ''}${whole:,}.{digits[:2]}{digits[2:].rstrip('0')}"
