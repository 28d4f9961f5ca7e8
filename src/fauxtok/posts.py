"""What a post is made of: plain values that its page, its JSON and its files are all drawn from."""

from dataclasses import dataclass
from typing import NamedTuple

from fauxtok.captions import Extra
from fauxtok.people import Author, Music

# shorter side → what TikTok calls it, and the number of the definition in a link's `ds`
LABELS = {360: ("360p", 1), 480: ("480p", 2), 576: ("540p", 6), 720: ("720p", 3), 1080: ("1080p", 4)}


class Rung(NamedTuple):
    """One file of a video. `size` is the exact number of bytes of the file."""

    gear: str
    quality: int
    codec: str
    width: int
    height: int
    size: int
    bitrate: int

    @property
    def label(self) -> str:
        return LABELS[min(self.width, self.height)][0]

    @property
    def definition(self) -> int:
        return LABELS[min(self.width, self.height)][1]


class Counts(NamedTuple):
    """Exact numbers. `downloads` is told by the app's JSON only."""

    plays: int
    likes: int
    comments: int
    shares: int
    saves: int
    downloads: int
    reposts: int


@dataclass(frozen=True, slots=True)
class Post:
    """One post. `rungs[0]` is the file of playAddr; `duration` in seconds; `images` are width and height of photos."""

    id: int
    shape: str
    text: str
    extras: tuple[Extra, ...]
    created: int
    duration: int
    counts: Counts
    rounded: bool
    region: str
    language: str
    subtitle: str
    is_ad: bool
    made_by_ai: bool
    author: Author
    music: Music
    rungs: tuple[Rung, ...]
    marked_size: int
    images: tuple[tuple[int, int], ...]

    @property
    def is_photo(self) -> bool:
        return self.shape in {"photo", "many_photos"}
