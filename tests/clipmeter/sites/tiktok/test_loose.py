"""Reading JSON that keeps no promise about types."""

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from clipmeter.sites.tiktok.loose import Odd, OddList, convert, decode, each, link, links, some, text, truth, whole

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


class Leaf(Struct):
    a: Any = None


class Tree(Struct):
    one: Leaf | Odd = None
    many: list[Leaf | Odd] | OddList = None


@given(anything)
def test_coercions_never_raise(value):
    """Whatever stands in a leaf gives a value of the right type."""
    assert isinstance(text(value), str)
    assert isinstance(link(value), str)
    assert isinstance(truth(value), bool)
    assert whole(value) is None or 0 <= whole(value) < 2**63
    assert isinstance(some(value, Leaf), Leaf)
    assert each(value, Leaf) == ()


@given(anything, anything)
def test_both_ways_of_decoding_agree(one, many):
    """What a fast decoder reads equals what the repairing one would make of the same JSON."""
    data = json.dumps({"one": one, "many": many}, allow_nan=False, default=str) if _finite([one, many]) else "{}"
    assert decode(data.encode(), Tree) == convert(json.loads(data), Tree)


def _finite(value):
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, dict):
        return all(map(_finite, value.values()))
    return all(map(_finite, value)) if isinstance(value, list) else True


@pytest.mark.parametrize(
    ("value", "count"),
    [
        (5, 5),
        ("5", 5),
        (" 5 ", 5),
        (5.9, 5),
        ("5.0", 5),
        (0, 0),
        ("0", 0),
        ("", None),
        (None, None),
        (True, None),
        (-5, None),
        ("-5", None),
        ("1.2M", None),
        (math.inf, None),
        (math.nan, None),
        (10**30, None),
        ("9" * 30, None),
        ("٣", None),
        ([5], None),
        ({}, None),
    ],
)
def test_a_count_is_exact_or_unknown(value, count):
    """Integers, floats and digits are counts; everything else is unknown and never 0."""
    assert whole(value) == count


@pytest.mark.parametrize(
    ("value", "true"),
    [(True, True), (1, True), ("true", True), ("", False), (0, False), ("0", False), ([1], False), (None, False)],
)
def test_truth_is_said_plainly(value, true):
    """Old answers write "" for false."""
    assert truth(value) is true


def test_links_are_found_in_texts_lists_and_objects():
    """A link may be a text, in a list (with empty texts between), or in an object's list; other texts are none."""
    assert links("https://a", ["", "https://b", 5], {"UrlList": ["https://c"]}, "N/A", None, 7) == (
        "https://a",
        "https://b",
        "https://c",
    )
    assert link([""], "", None) == ""


@pytest.mark.parametrize(
    ("data", "value"),
    [
        (b'{"a": "x\\ud800y"}', "x\ufffdy"),
        (b'{"a": "\\ud83d\\ude00 \\ud800"}', "\U0001f600 \ufffd"),
        (b'{"a": "x\xffy"}', "x\ufffdy"),
        (b'{"a": "x\x00y\n"}', "x\x00y\n"),
        (b'\xef\xbb\xbf{"a": 1}', 1),
        (b'{"a": 1' + b"0" * 5000 + b"}", None),
        (b'{"a": 1e999}', math.inf),
        (b'{"a": 1}; trailing', 1),
    ],
)
def test_json_that_people_store_is_repaired(data, value):
    """Half surrogate pairs, broken UTF-8, raw control characters and absurd numbers do not lose the rest."""
    assert decode(data, Leaf).a == value


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[",
        b'{"a": "x',
        b"[1]",
        b"x",
        b'{"a":' + b"[" * 100_000,
        b'{"z":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    ],
)
def test_what_cannot_be_read_is_a_value_error(data):
    """Cut off, another outer type, or nested without end: one kind of exception."""
    with pytest.raises(ValueError):  # noqa: PT011 - its sentence is for logs
        decode(data, Leaf)
