"""Which days a page of statistics is about."""

from datetime import date

import pytest

from clipmeter.web.pages.spans import months, span_of

TODAY = date(2026, 3, 31)


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ("7", date(2026, 3, 25), TODAY),
        ("30", date(2026, 3, 2), TODAY),
        ("90", date(2026, 1, 1), TODAY),
        ("2026-03", date(2026, 3, 1), TODAY),
        ("2026-02", date(2026, 2, 1), date(2026, 2, 28)),
        ("2025-12", date(2025, 12, 1), date(2025, 12, 31)),
    ],
)
def test_spans(name, first, last):
    """Days end today, months with their last day."""
    span = span_of(name, TODAY)
    assert (span.name, span.first, span.last) == (name, first, last)
    assert (span.days[0], span.days[-1]) == (first, last)


@pytest.mark.parametrize("name", ["", "31", "-1", "2026-04", "2020-01", "2026-13", "' OR 1=1", "9" * 100])
def test_no_span(name):
    """What names none, or one of which no sums can be there, means the usual one."""
    assert span_of(name, TODAY).name == "30"


def test_months_there_are():
    """From this one back to the first that has sums."""
    assert [span.name for span in months(TODAY, date(2026, 1, 31))] == ["2026-03", "2026-02", "2026-01"]
    assert [span.name for span in months(TODAY, TODAY)] == ["2026-03"]
    assert len(months(TODAY, date.min)) == 13
