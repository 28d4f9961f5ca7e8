"""Charts: the same numbers for the script, for the eye and for the table."""

import json
from datetime import date, timedelta

from clipmeter.web.pages.charts import HEIGHT, WIDTH, Chart, Series, script_json

DAYS = [date(2026, 11, 1) + timedelta(days=day) for day in range(4)]


def chart(*series, kind="bars"):
    return Chart("requests", "Requests", "7", kind, DAYS, series)


def test_bars_stand_on_one_another():
    """Those of a day fill it from below, the first series on top; the highest day is as high as the picture."""
    bars = list(chart(Series("Free", (1, 0, 3, 0)), Series("Failed", (1, 0, 1, 0))).bars)
    assert len(bars) == 4
    failed, free = bars[2:]
    assert (failed.colour, free.colour) == (2, 1)
    assert failed.y + failed.height == HEIGHT
    assert free.y + free.height == failed.y
    assert free.y == 0
    assert all(0 <= bar.x <= bar.x + bar.width <= WIDTH for bar in bars)
    assert free.told == "3 Nov 2026: Free 3"


def test_lines_have_gaps():
    """A day without a value ends a line; a day alone is a short one."""
    lines = list(chart(Series("Half", (100, None, 200, 400), "ms"), kind="lines").lines)
    assert len(lines) == 2
    assert all(len(line.points.split()) == 2 for line in lines)


def test_one_set_of_numbers():
    """Script and table have the same values; days without any stand in the picture only."""
    shown = chart(Series("Charged", (6000, 0, 1_500_000, 0), "micros"))
    told = json.loads(shown.json)
    assert told["x"][1] - told["x"][0] == 86_400
    assert told["series"] == [{"label": "Charged", "values": [6000, 0, 1_500_000, 0], "unit": "micros"}]
    assert list(shown.rows) == [(DAYS[2], ["$1.50"]), (DAYS[0], ["$0.006"])]
    assert shown.top == "$1.50"


def test_nothing():
    """A chart of zeros draws nothing and divides by nothing."""
    empty = chart(Series("Free", (0, 0, 0, 0)))
    assert empty.is_empty
    assert list(empty.bars) == list(empty.rows) == []
    assert chart(Series("errors", ())).is_empty


def test_json_ends_no_element():
    """Whatever text is in it, it stays inside of the element that it stands in, and says the same."""
    text = "</script><!-- &amp; \u2028 -->"
    told = script_json([text])
    assert not {"<", ">", "&"} & set(told)
    assert json.loads(told) == [text]
