"""Dollars in, micro-dollars out, exactly."""

import pytest

from clipmeter.billing.money import dollars, read_dollars
from clipmeter.errors import InvalidParameter


@pytest.mark.parametrize(
    ("text", "micros"),
    [
        ("5", 5_000_000),
        ("0", 0),
        ("0.006", 6_000),
        ("$12.50", 12_500_000),
        (" 0.000001 ", 1),
        ("999999999.999999", 999_999_999_999_999),
        ("0.1", 100_000),
        ("none", None),
        ("None", None),
    ],
)
def test_amounts(text, micros):
    """Dollars with up to six digits after the point are whole micro-dollars; `none` is no limit."""
    assert read_dollars(text) == micros


@pytest.mark.parametrize(
    "text", ["-1", "1,5", "1.0000001", "a lot", "", "1e3", "0x10", "nan", "9" * 10, "٣", ".5", "5.", "1_000", "$"]
)
def test_what_is_no_amount(text):
    """Anything else is a sentence that says how to write it."""
    with pytest.raises(InvalidParameter, match="is no amount"):
        read_dollars(text)


@pytest.mark.parametrize("micros", [0, 1, 6_000, 12_500_000, 999_999_999_999_999])
def test_there_and_back(micros):
    """What is shown is what was meant, to the last digit."""
    assert read_dollars(dollars(micros)) == micros
