"""Posts that are ordinary but for one thing: long captions that fight back, impossible counts, files of gigabytes."""

from collections.abc import Callable
from dataclasses import replace

from fauxtok import words
from fauxtok.people import Music
from fauxtok.posts import Counts, Post, Rung

_MOST_PHOTOS = 35  # as many as TikTok takes
_GIB = 1 << 30


def reshaped(it: Post) -> Post:
    """The post as its shape wants it."""
    change = _CHANGES.get(it.shape)
    return it if change is None else change(it)


def _caption(text: str) -> Callable[[Post], Post]:
    return lambda it: replace(it, text=text, extras=())


def _impossible(it: Post) -> Post:
    """Numbers that no video has: negative ones, and ones far past 64 bits."""
    far = 10**30
    counts = Counts(plays=far, likes=-1, comments=-(2**63), shares=far, saves=-7, downloads=-far, reposts=-1)
    return replace(it, counts=counts)


def _many_photos(it: Post) -> Post:
    title, singer, album = words.SONGS[0]
    song = Music(6_800_000_000_000_000_000, title, singer, album, False, 60)
    sizes = ((1080, 1440), (1080, 1920), (1080, 1350), (1440, 1080))
    return replace(it, music=song, images=tuple(sizes[at % 4] for at in range(_MOST_PHOTOS)))


def _subtitled(it: Post) -> Post:
    return replace(it, subtitle="eng-US", language="en", duration=31)


def _sized(seconds: int, plain: int, hd: int) -> Callable[[Post], Post]:
    """A post whose files have so many bytes."""

    def change(it: Post) -> Post:
        rungs = (
            Rung("normal_540_0", 20, "h264", 576, 1024, plain, plain * 8 // seconds),
            Rung("adapt_lowest_1080_1", 2, "h265_hvc1", 1080, 1920, hd, hd * 8 // seconds),
        )
        return replace(it, duration=seconds, rungs=rungs, marked_size=plain + 400_000)

    return change


_CHANGES: dict[str, Callable[[Post], Post]] = {
    "caption_markup": _caption(words.MARKUP),
    "caption_direction": _caption(words.DIRECTION),
    "caption_halves": _caption(words.HALVES),
    "impossible_counts": _impossible,
    "many_photos": _many_photos,
    "subtitled": _subtitled,
    "big": _sized(180, 60_000_000, 104_857_600),
    "huge": _sized(1_200, _GIB, _GIB + _GIB // 2),
}
