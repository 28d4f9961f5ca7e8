"""Tables as CSV."""

import csv
import io

import pytest

from clipmeter.web.pages.sheets import lines


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1"])
def test_no_cell_is_a_formula(text):
    """A text that a spreadsheet would compute becomes one that it does not; numbers stay numbers."""
    (row,) = csv.reader(io.StringIO(lines([[text, -1, "a=b"]]).decode(), newline=""))
    assert row == [f"'{text}", "-1", "a=b"]


def test_any_text_comes_back():
    """Commas, quotes, line ends and any letters."""
    cells = ['a,"b"', "two\nlines", "مرحبا \u202e", "", "<script>"]
    assert list(csv.reader(io.StringIO(lines([cells]).decode(), newline=""))) == [cells]
