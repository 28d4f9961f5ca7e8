import re
from pathlib import Path

from fauxtok.ids import DOCUMENTED, EXAMPLE_ID, MOODS, OUTCOMES, WEATHER, Kind, table
from fauxtok.moods import CDN_MOODS, COUNTED
from fauxtok.odd import PAGES
from fauxtok.short import LEADS

DOCS = Path(__file__).parents[2] / "docs" / "fauxtok.md"


def test_docs_table_equals_ids():
    """The table in the docs says the same as `--ids`, row for row."""
    rows = re.findall(r"^\| `(\d+)` \| (\w+) \| (\d+) \| `?(\w*)`? \|", DOCS.read_text(encoding="utf-8"), re.MULTILINE)
    assert rows == [(it["id"], it["outcome"], str(it["status"]), it["code"]) for it in table()]


def test_every_name_is_its_own():
    """An outcome's name names one outcome only, so a mood is never ambiguous."""
    assert len(OUTCOMES) == len(DOCUMENTED)


def test_every_odd_page_can_be_made():
    """Every outcome that is a page of another sort has its page, and there is no page without an outcome."""
    assert set(PAGES) == {it.name for it in DOCUMENTED.values() if it.kind is Kind.PAGE}


def test_status_and_code_agree():
    """An id answered with 200 has no error code, every other has one."""
    assert all((it.status == 200) == (it.code == "") for it in DOCUMENTED.values())


def test_ids_are_of_2025():
    """Documented ids have a plausible time, so that no reader may turn them away for their date."""
    assert all(1735689600 <= number >> 32 < 1767225600 for number in DOCUMENTED)
    assert EXAMPLE_ID in DOCUMENTED


def test_docs_table_equals_the_weather():
    """The table of moods in the docs says the same as the code, row for row; CDN moods and counted kinds are named."""
    docs = DOCS.read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\w+) \| (\d{3}) \| `?(\w*)`? \| (.*) \|$", docs, re.MULTILINE)
    told = [(it.name, str(it.status), it.code, it.means) for it in MOODS.values() if it.name in WEATHER]
    assert rows == told
    assert re.findall(r"^\| (\w+) \| [^|]*\|$", docs.partition("### Moods of the CDN")[2], re.MULTILINE)[1:] == list(
        CDN_MOODS
    )
    assert all(f"`{kind}`" in docs for kind in COUNTED)


def test_docs_tell_the_codes_that_lead_astray():
    """Each of them stands in the docs."""
    docs = DOCS.read_text(encoding="utf-8")
    assert all(f"`{code}`" in docs for code in LEADS)
