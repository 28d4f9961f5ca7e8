"""The files themselves: announced sizes to the byte, made while they are read."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from fauxtok import images, mp3, mp4
from fauxtok.links import AVATAR, COVER, DISC, DYNAMIC, MARKED, ORIGIN, PHOTO, SOUND, VIDEO, WORDS, File
from fauxtok.posts import Post, Rung
from fauxtok.subtitles import languages, webvtt
from fauxtok.world import post


@dataclass(frozen=True, slots=True)
class Media:
    """A file of `size` bytes; `read(start, stop)` makes any stretch of it."""

    type: str
    tag: str
    size: int
    read: Callable[[int, int], bytes]


async def media(file: File) -> Media | None:
    """The file; None when its post has no such file."""
    if file.kind in (COVER, ORIGIN, DYNAMIC, PHOTO, AVATAR, DISC):
        return await _picture(file)
    it = post(file.post)
    if file.kind == VIDEO and file.at < len(it.rungs):
        return _video(it, file, it.rungs[file.at])
    if file.kind == MARKED:
        return _video(it, file, marked(it))
    if file.kind == SOUND:
        sound = mp3.Silence(it.music.duration)
        return Media("audio/mpeg", _tag(file), sound.size, sound.read)
    if file.kind == WORDS and file.at < len(languages(it)):
        return _whole("text/vtt", file, webvtt(it, languages(it)[file.at]))
    return None


def marked(it: Post) -> Rung:
    """The watermarked file as a rung: as wide as the plain one, of its own size."""
    plain = it.rungs[0]
    return Rung("", 0, "h264", plain.width, plain.height, it.marked_size, plain.bitrate)


def _tag(file: File) -> str:
    return f"{file.post:x}-{file.kind}{file.at}"


def _whole(kind: str, file: File, data: bytes) -> Media:
    return Media(kind, _tag(file), len(data), lambda start, stop: data[start:stop])


def _video(it: Post, file: File, rung: Rung) -> Media:
    film = _film(rung.width, rung.height, it.duration, rung.size, it.id)
    return Media("video/mp4", _tag(file), film.size, film.read)


@lru_cache(maxsize=8)
def _film(width: int, height: int, seconds: int, size: int, colour: int) -> mp4.Film:
    return mp4.Film(width, height, seconds, size, colour)


async def _picture(file: File) -> Media | None:
    it = post(file.post)
    if file.kind == PHOTO and file.at >= len(it.images):
        return None
    return _whole("image/jpeg", file, await asyncio.to_thread(images.jpeg, file))
