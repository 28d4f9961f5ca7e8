"""Reading foreign JSON that keeps no promise about types.

Rule 1: a field of another type than expected is unknown, never an exception.
Rule 2: what is unknown is said so (None or ""), never guessed.

Structs that read TikTok's JSON declare leaves as `Any`, objects as `Some | Odd` and lists as
`list[Some | Odd] | OddList`, so that decoding fails on malformed JSON only; the functions here turn leaves into values.
"""

import json
import math
import re
from collections.abc import Hashable
from functools import cache
from typing import Any, TypeAlias, TypeVar, cast

import msgspec

Odd: TypeAlias = list[Any] | str | float | bool | None
"""Whatever may stand where an object is expected."""
OddList: TypeAlias = dict[str, Any] | str | float | bool | None
"""Whatever may stand where a list is expected."""

T = TypeVar("T")
S = TypeVar("S")

_LARGEST = 2**63 - 1
_NUMBER = re.compile(r"[0-9]{1,19}(\.[0-9]+)?")
_SURROGATE = re.compile("[\ud800-\udfff]")


@cache
def _decoder(kind: Hashable) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(kind)


def decode(data: bytes, kind: type[T]) -> T:
    """`data` as a `kind`. Raises ValueError when it is not JSON of that outer type, is cut off or is nested too deep.

    JSON that a strict reader refuses but people store (half surrogate pairs, broken UTF-8, NaN) is repaired.
    """
    try:
        return cast("T", _decoder(cast("Hashable", kind)).decode(data))
    except RecursionError as error:
        raise ValueError("nested too deep") from error
    except ValueError:
        return convert(_repaired(data), kind)


def decode_whole(data: bytes, kind: type[T]) -> T | None:
    """`data` as a `kind`, or None when there is anything at all wrong with it."""
    try:
        return cast("T", _decoder(cast("Hashable", kind)).decode(data))
    except (RecursionError, ValueError):
        return None


def decode_any(data: bytes) -> object:
    """`data` as plain dicts, lists and values. Raises ValueError like `decode`."""
    return decode(data, object)


def convert(value: object, kind: type[T]) -> T:
    """Decoded JSON as a `kind`. Raises ValueError when it is not of that outer type."""
    try:
        return msgspec.convert(value, kind)
    except RecursionError as error:
        raise ValueError("nested too deep") from error


def _repaired(data: bytes) -> object:
    text = data.decode("utf-8", "replace").removeprefix("\ufeff").strip()
    if not text.startswith(("{", "[")):  # spares megabytes of something else the slow way
        raise ValueError("not a JSON object or list")
    try:
        value, _ = json.JSONDecoder(strict=False, parse_int=_integer).raw_decode(text)
        return _mended(value)
    except RecursionError as error:
        raise ValueError("nested too deep") from error


def _integer(digits: str) -> int | None:
    # Python refuses to convert thousands of digits; no field of TikTok's has a use for them.
    return int(digits) if len(digits) < 100 else None


def _mended(value: object) -> object:
    if isinstance(value, str):
        return _SURROGATE.sub("\ufffd", value)
    if isinstance(value, list):
        return [_mended(entry) for entry in value]
    if isinstance(value, dict):
        return {_SURROGATE.sub("\ufffd", key): _mended(entry) for key, entry in value.items()}
    return value


def text(value: object) -> str:
    """A string, or an integer id as one; "" for anything else."""
    if isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return ""


def first_text(*values: object) -> str:
    """The first of the values that is a non-empty text, else ""."""
    return next((found for value in values if (found := text(value))), "")


def whole(value: object) -> int | None:
    """A count, size or time given as integer, float or digits; None when it is none of these, or negative."""
    if isinstance(value, str):
        value = value.strip()
        value = (float(value) if "." in value else int(value)) if _NUMBER.fullmatch(value) else None
    if isinstance(value, float):
        value = math.floor(value) if math.isfinite(value) else None
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 <= value <= _LARGEST else None


def first_whole(*values: object) -> int | None:
    """The first of the values that is a number, else None."""
    return next((found for value in values if (found := whole(value)) is not None), None)


def truth(value: object) -> bool:
    """True for true, 1, "1" and "true" only: old answers write "" for false."""
    return value is True or (not isinstance(value, bool) and text(value).lower() in {"1", "true"})


def links(*values: object) -> tuple[str, ...]:
    """The web links among the values, in order: texts, lists of texts, and objects with a list of URLs."""
    found: list[str] = []
    for value in values:
        if isinstance(value, str):
            if value.startswith(("https://", "http://")):
                found.append(value)
        elif isinstance(value, list):
            found.extend(one for entry in value if isinstance(entry, str) for one in links(entry))
        elif isinstance(value, dict):
            found.extend(links(value.get("url_list"), value.get("urlList"), value.get("UrlList")))
    return tuple(found)


def link(*values: object) -> str:
    """The first web link among the values, else ""."""
    for value in values:
        if found := links(value):
            return found[0]
    return ""


def some(value: object, kind: type[S]) -> S:
    """The value when it is a `kind`, else an empty one: where an object was expected and something else stood."""
    return value if isinstance(value, kind) else kind()


def each(value: object, kind: type[S]) -> tuple[S, ...]:
    """Those entries of a list that are of the kind; none when it is no list."""
    return tuple(entry for entry in value if isinstance(entry, kind)) if isinstance(value, list) else ()
