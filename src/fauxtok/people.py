"""Authors, sounds and hashtags of the invented world, each the same whenever it is met."""

from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b

from fauxtok import words
from fauxtok.dice import Dice


@dataclass(frozen=True, slots=True)
class Author:
    """An account. `created` is in Unix seconds."""

    id: int
    unique_id: str
    name: str
    signature: str
    verified: bool
    created: int
    followers: int
    following: int
    videos: int

    @property
    def sec_uid(self) -> str:
        return _sec_uid(self.unique_id)

    @property
    def hearts(self) -> int:
        return self.followers * 17


@dataclass(frozen=True, slots=True)
class Music:
    """A sound; `duration` in seconds. An original one belongs to the author of the video."""

    id: int
    title: str
    author: str
    album: str
    original: bool
    duration: int


@lru_cache(maxsize=5_000)
def _sec_uid(unique_id: str) -> str:
    return "MS4wLjABAAAA" + blake2b(unique_id.encode(), digest_size=32).hexdigest()


@lru_cache(maxsize=5_000)
def author(number: int) -> Author:
    """The account with this number, of 5,000."""
    dice = Dice(number)
    created = dice.between(1_483_228_800, 1_735_689_600)
    first, second = dice.choice(words.FIRST), dice.choice(words.SECOND)
    return Author(
        id=(created << 32) + dice.bits(),
        unique_id=f"{first}.{second}_{number}",
        name=f"{first.title()} {second}{dice.choice(words.DECOR)}",
        signature=dice.choice(words.SIGNATURES),
        verified=dice.chance(0.1),
        created=created,
        followers=int(10 ** dice.real(1, 7.5)),
        following=dice.below(3_000),
        videos=dice.between(1, 2_500),
    )


def music(dice: Dice, number: int, maker: Author, duration: int) -> Music:
    """The sound of a video: half are the author's own, the others songs (which may last longer than the video)."""
    if dice.chance(0.5):
        return Music(number + 4_096, f"original sound - {maker.unique_id}", maker.name, "", True, duration)
    song = dice.below(len(words.SONGS))
    title, singer, album = words.SONGS[song]
    return Music(6_800_000_000_000_000_000 + song * 7_919, title, singer, album, False, 60 + 13 * song)


@lru_cache(maxsize=64)
def tag_id(name: str) -> str:
    """The number of a hashtag."""
    return str(int.from_bytes(blake2b(name.encode(), digest_size=6).digest(), "big"))
