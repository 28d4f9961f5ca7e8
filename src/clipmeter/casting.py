"""Settings come as text: each becomes what its default is, or is refused with a sentence."""

from pathlib import Path
from typing import Any, TypeVar

PREFIX = "CLIPMETER_"
N = TypeVar("N", int, float)


class BadSetting(ValueError):
    """A setting is missing or wrong; the sentence says which, why, and what would be right."""


def cast(name: str, raw: Any, default: Any) -> Any:  # noqa: ANN401 - one line per type
    """The value of a setting as its default is; `raw` is text, or what TOML has. Raises BadSetting."""
    variable = PREFIX + name.upper()
    if isinstance(default, bool):
        return _cast_bool(variable, raw)
    if isinstance(default, int):
        return _cast_number(variable, raw, int, "a whole number")
    if isinstance(default, float):
        return _cast_number(variable, raw, float, "a number of seconds")
    if isinstance(default, tuple):
        parts = raw if isinstance(raw, list) else str(raw).split(",")
        items = (item for part in parts for item in _lines(variable, str(part).strip()))
        return tuple(item for item in items if item)
    if isinstance(default, Path):
        return Path(str(raw)).expanduser().absolute()
    return str(raw)


def written(value: Any) -> str:  # noqa: ANN401 - a setting of any type
    """A value as one would write it: what `cast` reads; "" for none."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return ",".join(value)
    if isinstance(value, Path):
        return f"~/{value.relative_to(Path.home())}" if value.is_relative_to(Path.home()) else str(value)
    return str(value)


def _lines(variable: str, item: str) -> list[str]:
    """The item, or of `@/path` what the file has, one a line; a line that begins with # is a remark."""
    if not item.startswith("@"):
        return [item]
    try:
        lines = Path(item[1:]).expanduser().read_text(encoding="utf8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise BadSetting(f"{variable} names {item[1:]}, which cannot be read: {reason(error)}") from error
    return [line.strip() for line in lines if not line.lstrip().startswith("#")]


def _cast_bool(variable: str, raw: Any) -> bool:  # noqa: ANN401
    words = {"true": True, "1": True, "yes": True, "on": True, "false": False, "0": False, "no": False, "off": False}
    if str(raw).lower() not in words:
        raise BadSetting(f"{variable} is {raw!r}; it must be true or false")
    return words[str(raw).lower()]


def _cast_number(variable: str, raw: Any, kind: type[N], what: str) -> N:  # noqa: ANN401
    try:
        number = kind(str(raw))
    except ValueError:
        raise BadSetting(f"{variable} is {raw!r}; it must be {what}") from None
    if not 0 <= number < 10**15:  # also refuses nan and inf
        raise BadSetting(f"{variable} is {raw!r}; it must be {what}, 0 or more")
    return number


def reason(error: Exception) -> str:
    """Why a file cannot be read."""
    return error.strerror or str(error) if isinstance(error, OSError) else str(error)
