"""The invented world: every id of a plausible time is one post, always the same. Pure: no clock, no state."""

from datetime import UTC, datetime
from functools import lru_cache

from fauxtok import words
from fauxtok.captions import Extra, write
from fauxtok.dice import Dice
from fauxtok.ids import DOCUMENTED, EXAMPLE_ID, FOUND, Kind
from fauxtok.people import Author, Music, author, music
from fauxtok.posts import Counts, Post, Rung
from fauxtok.shapes import reshaped

FIRST_SECOND = int(datetime(2014, 1, 1, tzinfo=UTC).timestamp())
DAY = 86_400


def is_plausible(number: int, now: float) -> bool:
    """Whether the time in an id lies between 2014 and tomorrow."""
    return FIRST_SECOND <= number >> 32 <= now + DAY


def post(number: int, shape: str = "") -> Post:
    """The post of an id. A shape (the name of an outcome that is a post) overrides the documented one."""
    if number == EXAMPLE_ID:
        return _example(shape or "example")
    outcome = DOCUMENTED.get(number, FOUND)
    return _ordinary(number, shape or (outcome.name if outcome.kind is Kind.POST else FOUND.name))


def another(number: int) -> int:
    """The id of the video that TikTok shows in the place of this one."""
    moved = number ^ (1 << 20)
    return moved if is_plausible(moved, 4e9) else EXAMPLE_ID


@lru_cache(maxsize=2_048)
def _ordinary(number: int, shape: str) -> Post:
    dice = Dice(number)
    language, region, subtitle, sentence = dice.choice(words.TEXTS)
    text, extras = write(dice, sentence)
    maker = author(dice.below(5_000))
    duration = dice.choice((7, 9, 12, 15, 21, 31, 44, 58, 66, 93, 180))
    rungs = _rungs(dice, duration)
    it = Post(
        id=number,
        shape=shape,
        text=text,
        extras=extras,
        created=(number >> 32) + dice.between(-3, 30),
        duration=duration,
        counts=_counts(dice),
        rounded=shape == "rounded",
        region=region,
        language=language,
        subtitle=subtitle if dice.chance(0.6) else "",
        is_ad=dice.chance(0.05) or shape == "shop",
        made_by_ai=dice.chance(0.03),
        author=maker,
        music=music(dice, number, maker, duration),
        rungs=rungs,
        marked_size=rungs[0].size + dice.between(9_000, 400_000),
        images=tuple((1080, dice.choice((1440, 1920, 1350))) for _ in range(dice.between(1, 9))),
    )
    return reshaped(it)


def _counts(dice: Dice) -> Counts:
    plays = int(10 ** dice.real(0, 8.3))
    likes = int(plays * dice.real(0.01, 0.2))
    return Counts(
        plays=plays,
        likes=likes,
        comments=int(likes * dice.real(0, 0.08)),
        shares=int(likes * dice.real(0, 0.2)),
        saves=int(likes * dice.real(0, 0.3)),
        downloads=int(likes * dice.real(0, 0.05)),
        reposts=int(likes * dice.real(0, 0.01)),
    )


def _rungs(dice: Dice, duration: int) -> tuple[Rung, ...]:
    """From two to six files: the plain one of playAddr first, the others in no order of quality, as on real pages."""
    upright = dice.chance(0.85)
    base = dice.between(500_000, 2_200_000)
    ladder = [("lower_540_0", 24, "h264", 576, 0.6), ("adapt_540_1", 28, "h265_hvc1", 576, 0.5)]
    if dice.chance(0.7):
        ladder.insert(0, ("adapt_lowest_1080_1", 2, "h265_hvc1", 1080, dice.real(1.1, 2.5)))
    if dice.chance(0.7):
        ladder.append(("adapt_lower_720_1", 14, "h265_hvc1", 720, 0.8))
    if dice.chance(0.3):
        ladder.append(("lowest_540_0", 25, "h264", 576, 0.4))
    ladder.insert(0, ("normal_540_0", 20, "h264", 576, 1.0))
    return tuple(_rung(dice, duration, upright, *step[:4], int(base * step[4])) for step in ladder)


def _rung(  # noqa: PLR0913, PLR0917 - the columns of the ladder
    dice: Dice, duration: int, upright: bool, gear: str, quality: int, codec: str, short: int, bitrate: int
) -> Rung:
    long = short * 16 // 9
    width, height = (short, long) if upright else (long, short)
    return Rung(gear, quality, codec, width, height, bitrate * duration // 8 + dice.below(4_000), bitrate)


def _example(shape: str) -> Post:
    """The documented example. Whoever changes a value here breaks a promise of the API's documentation."""
    maker = Author(107955, "tiktok", "TikTok", "One TikTok can make a big impact", True, 1425144149, 91_900_000, 6, 451)
    zara = Extra(18, 31, "mention", "zaralarsson", "205879097384816641")
    return Post(
        id=EXAMPLE_ID,
        shape=shape,
        text="🌈🐬🦄 life after @Zara Larsson Symphony vocals 🌈🐬🦄",
        extras=(zara,),
        created=1750093630,
        duration=66,
        counts=Counts(18912653, 879920, 4382, 17420, 38685, 1003, 211),
        rounded=False,
        region="US",
        language="en",
        subtitle="eng-US",
        is_ad=True,
        made_by_ai=False,
        author=maker,
        music=Music(7516599978421209887, "original sound - tiktok", "TikTok", "", True, 66),
        rungs=(
            Rung("normal_540_0", 20, "h264", 576, 1024, 7786703, 943842),
            Rung("adapt_lowest_1080_1", 2, "h265_hvc1", 1080, 1920, 38711004, 4692243),
            Rung("adapt_lower_720_1", 14, "h265_hvc1", 720, 1280, 5201377, 630470),
            Rung("adapt_540_1", 28, "h265_hvc1", 576, 1024, 3580412, 433989),
            Rung("lower_540_0", 24, "h264", 576, 1024, 4406920, 534172),
        ),
        marked_size=7988034,
        images=((1080, 1440), (1080, 1920), (1080, 1350)),
    )
