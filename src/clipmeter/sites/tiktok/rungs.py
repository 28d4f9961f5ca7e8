"""Which of a post's files is which: the plain one, the best one, the one with the watermark."""

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from .loose import links, text, whole

NEEDS_SESSION = "/aweme/v1/play/"
"""In a link that nobody but the asking browser may follow."""
SILENT = "/media-video-hvc1/"
"""In the link of a file without sound."""
_GEAR = re.compile(r"_([0-9]{3,4})(?:_|$)")


class Rung(NamedTuple):
    """One file of a post, in one or more places."""

    links: tuple[str, ...]
    size: int | None
    """Bytes; None when the source does not say."""
    side: int | None
    """Pixels of the shorter side; None when the source does not say."""
    plain: bool = True
    """An ordinary player can show it, with sound."""
    common: bool = True
    """H.264, which everything plays."""


class Files(NamedTuple):
    """What a caller gets, each link with its size; "" and None when there is none."""

    video_url: str = ""
    size: int | None = None
    video_url_hd: str = ""
    size_hd: int | None = None
    video_url_watermarked: str = ""
    size_watermarked: int | None = None


def rung(  # noqa: PLR0913 - six facts make a rung
    urls: object, size: object, width: object, height: object, *, codec: str = "h264", gear: object = None
) -> Rung:
    """A rung of raw values.

    `codec`: as TikTok names it; `bytevc2` is its own and plays nowhere else. `gear`: the rung's name, like
    `normal_720_0`; until 2023 it alone tells the size of the picture.
    """
    found = tuple(url for url in links(urls) if NEEDS_SESSION not in url)
    plays = "bytevc2" not in codec.lower() and not any(SILENT in url for url in found)
    side = shorter(width, height) or _nominal(gear)
    return Rung(found, whole(size) or None, side, plays, codec.lower() in {"h264", ""})


def shorter(width: object, height: object) -> int | None:
    """The shorter side in pixels; None when one of the two is not said."""
    sides = (whole(width), whole(height))
    return min(sides[0], sides[1]) if sides[0] and sides[1] else None


def _nominal(gear: object) -> int | None:
    match = _GEAR.search(text(gear))
    return int(match[1]) if match else None


def files(played: Sequence[Rung], ladder: Sequence[Rung], marked: Rung, own_side: int | None) -> Files:
    """The files of a post that is a video.

    `played`: the plain file's own entries, best first; `ladder`: the rungs; `marked`: the watermarked file; `own_side`:
    the shorter side that the post itself names, which is the plain file's where no rung holds it.
    """
    watermarked = next(iter(marked.links), "")
    named = next(iter(_usable(played) or [step for step in played if step.links]), None)
    if named and named.links[0] in marked.links:
        # 2019-22: that file and the rungs beside it all carry the mark, so there is no plain one.
        sizes = _sizes((*ladder, *played, marked))
        return Files(video_url_watermarked=watermarked, size_watermarked=sizes.get(watermarked))
    steps = [step._replace(links=tuple(url for url in step.links if url not in marked.links)) for step in ladder]
    sizes = _sizes((*steps, *played))
    usable = _usable(steps)
    plain = _first_link(named, *(step for step in usable if step.common), *usable)
    best = _better_link(plain, steps, usable, own_side)
    return Files(plain, sizes.get(plain), best, sizes.get(best), watermarked, marked.size if watermarked else None)


def _usable(steps: Iterable[Rung]) -> list[Rung]:
    return [step for step in steps if step.plain and step.links]


def _sizes(steps: Iterable[Rung]) -> dict[str, int]:
    sizes: dict[str, int] = {}
    for step in steps:
        if step.size is not None:
            for url in step.links:
                sizes.setdefault(url, step.size)
    return sizes


def _first_link(*steps: Rung | None) -> str:
    return next((step.links[0] for step in steps if step), "")


def _better_link(plain: str, ladder: Sequence[Rung], usable: Sequence[Rung], own_side: int | None) -> str:
    held = next((step.side for step in ladder if plain in step.links and step.side), own_side)
    best = max(usable, key=_quality, default=None)
    if not plain or best is None or best.side is None or held is None or best.side <= held:
        return ""
    return best.links[0]


def _quality(step: Rung) -> tuple[int, bool, int]:
    return step.side or 0, step.common, step.size or 0
