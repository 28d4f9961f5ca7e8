"""Captions with their mentions and hashtags. Offsets count UTF-16 units, as TikTok's do."""

from typing import NamedTuple

from fauxtok import words
from fauxtok.dice import Dice
from fauxtok.people import author, tag_id


class Extra(NamedTuple):
    """A hashtag or a mention inside a caption: `kind` is "tag" or "mention", `id` that of the tag or the account."""

    start: int
    end: int
    kind: str
    name: str
    id: str


def units(text: str) -> int:
    """The length of a text as JavaScript counts it."""
    return len(text.encode("utf-16-le")) // 2


def write(dice: Dice, sentence: str) -> tuple[str, tuple[Extra, ...]]:
    """A caption around a sentence, sometimes empty, sometimes with line breaks, mentions and hashtags."""
    roll = dice.real()
    if roll < 0.04:
        return "", ()
    pieces = [(sentence, "", "")]
    if roll < 0.15:
        pieces.append((f"\n{sentence[::2]}\n\n", "", ""))
    pieces += [_mention(dice) for _ in range(dice.choice((0, 0, 0, 1, 2)))]
    pieces += [_tag(tag) for tag in dice.some(words.TAGS, dice.below(6))]
    return _join(pieces)


def paragraphs(text: str, extras: tuple[Extra, ...]) -> list[tuple[str, tuple[Extra, ...]]]:
    """A caption cut at its line breaks, with the offsets of its extras counted within each part."""
    parts: list[tuple[str, tuple[Extra, ...]]] = []
    at = 0
    for line in text.split("\n"):
        stop = at + units(line)
        inside = tuple(_moved(extra, at) for extra in extras if at <= extra.start and extra.end <= stop)
        parts.append((line, inside))
        at = stop + 1
    return parts


def _moved(extra: Extra, by: int) -> Extra:
    return extra._replace(start=extra.start - by, end=extra.end - by)


def _mention(dice: Dice) -> tuple[str, str, str]:
    who = author(dice.below(5_000))
    return f"@{who.name}", "mention", f"{who.unique_id} {who.id}"


def _tag(name: str) -> tuple[str, str, str]:
    return f"#{name}", "tag", f"{name} {tag_id(name)}"


def _join(pieces: list[tuple[str, str, str]]) -> tuple[str, tuple[Extra, ...]]:
    text, extras = "", []
    for piece, kind, names in pieces:
        glue = "" if not text or text.endswith("\n") or piece.startswith("\n") else " "
        start = units(text + glue)
        text += glue + piece
        if kind:
            name, _, number = names.partition(" ")
            extras.append(Extra(start, start + units(piece), kind, name, number))
    return text, tuple(extras)
