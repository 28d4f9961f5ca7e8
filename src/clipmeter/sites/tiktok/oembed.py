"""The official oEmbed: title, author and picture, and nothing else. The last resort of who asks for a part at least."""

import re
from typing import Any
from urllib.parse import quote

from msgspec import Struct

from clipmeter.errors import NotFound, Problem
from clipmeter.model import Extras, Flags, Video, utc_text
from clipmeter.sites.fetching import Fetching, Page

from . import verdict
from .found import Found
from .item import moment, post_url, profile_url
from .loose import decode, first_text, link, text
from .page import check
from .ref import VideoRef

NAME = "oembed"
_PROFILE = re.compile(r"https://www\.tiktok\.com/@([^/?#]+)/?")


class Card(Struct, frozen=True):
    """The answer, or what it says in place of one (`message`)."""

    title: Any = None
    author_url: Any = None
    author_name: Any = None
    author_unique_id: Any = None
    thumbnail_url: Any = None
    embed_product_id: Any = None
    message: Any = None


class OEmbed:
    """Reads a post off its official card."""

    def __init__(self, fetch: Fetching) -> None:
        self._fetch = fetch

    async def video(self, ref: VideoRef, within: float) -> Found:
        """What the card tells. Raises the Problem that the answer means."""
        link_ = quote(f"https://www.tiktok.com/@_/video/{ref.id}", safe="")
        page = await self._fetch.page(f"https://www.tiktok.com/oembed?url={link_}", within=within)
        # What sort of post it is a card does not say.
        return Found(read_card(page, ref.id), "", NAME, Extras(flags=Flags(media_type="")))


def read_card(page: Page, asked: str) -> Video:
    """The post of a card. Raises the verdict on an answer without one; "not found" is never certain here."""
    try:
        card = decode(page.body, Card)
    except ValueError as error:
        raise _nothing(page, f"oembed: {error!s:.100}") from error
    if not text(card.title) and not text(card.author_name):
        if text(card.message):  # "Something went wrong", of any post that it has no card of
            raise NotFound(sign=f"oembed: {text(card.message):.100}")
        raise _nothing(page, "oembed without a card")
    if found := text(card.embed_product_id):
        check(found, asked)
    return _video(card, asked)


def _nothing(page: Page, sign: str) -> Problem:
    return verdict.nothing(page.body, status=page.status, headers=page.headers, url=page.url, sign=sign)


def _video(card: Card, video_id: str) -> Video:
    profile = _PROFILE.fullmatch(text(card.author_url))
    author = first_text(card.author_unique_id, profile[1] if profile else "")
    seconds = moment(None, video_id)
    return Video(
        video_id=video_id,
        url=post_url(author, video_id, photo=False),
        title=text(card.title),
        date=utc_text(seconds) if seconds else "",
        date_timestamp=seconds,
        cover=link(card.thumbnail_url),
        author=author,
        author_name=text(card.author_name),
        author_url=profile_url(author),
    )
