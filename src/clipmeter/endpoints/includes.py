"""`include=`: which keys a caller wants after the 37, and the video with them."""

from collections.abc import Mapping, Sequence

import msgspec

from clipmeter.errors import InvalidParameter
from clipmeter.model import INCLUDES, Extras, Video


def read_includes(value: str | None) -> tuple[str, ...]:
    """The names in a comma list, each once, in the order of INCLUDES; blanks around them do not count.

    None and "" ask for none. Raises InvalidParameter for a name that is none of INCLUDES.
    """
    asked = {name for part in (value or "").split(",") if (name := part.strip())}
    if unknown := sorted(asked.difference(INCLUDES)):
        raise InvalidParameter(f"There is no include named {_shown(unknown)}; known are {', '.join(INCLUDES)}.")
    return tuple(name for name in INCLUDES if name in asked)


def _shown(unknown: Sequence[str]) -> str:
    """The unknown names, short enough for a sentence."""
    first = ", ".join(name[:40] for name in unknown[:3])
    return f"{first} and {len(unknown) - 3} more" if len(unknown) > 3 else first


def with_includes(video: Video, extras: Extras, source: str, names: Sequence[str]) -> Mapping[str, object]:
    """The 37 keys in their order and, after them, the named ones in the order given; ready to be encoded."""
    added = {name: source if name == "source" else getattr(extras, name) for name in names}
    return {**msgspec.structs.asdict(video), **added}
