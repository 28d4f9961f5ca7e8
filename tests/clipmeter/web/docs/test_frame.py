"""The frame around pages for readers: each page in its place in the list of all."""

from clipmeter.endpoints import ENDPOINTS
from clipmeter.web.docs.frame import Leaf, sections

LINKS = [link for section in sections() for link in section.links]


def leaf(path: str) -> Leaf:
    return Leaf(path=path, title="", summary="")


def test_one_list_of_all_pages():
    """Every page is listed once, the endpoints among them, and one leads to the next from first to last."""
    paths = [link.path for link in LINKS]
    assert len(paths) == len(set(paths))
    assert {f"/endpoints/{endpoint.slug}" for endpoint in ENDPOINTS} <= set(paths)
    assert [leaf(path).after for path in paths] == [*LINKS[1:], None]
    assert [leaf(path).before for path in paths] == [None, *LINKS[:-1]]


def test_a_page_below_another_is_found_there():
    """The page of an error code stands below Errors; a page that is not listed stands nowhere."""
    below = leaf("/docs/errors/not_found")
    assert (below.listed, below.section, below.before, below.after) == ("/docs/errors", "Reference", None, None)
    assert (leaf("/docs").listed, leaf("/docs").section) == ("", "")
