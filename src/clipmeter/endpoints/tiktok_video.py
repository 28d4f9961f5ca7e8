"""GET /v1/tiktok/video: one TikTok post by link or id."""

from dataclasses import dataclass
from typing import Annotated

import msgspec
from msgspec import Meta

from clipmeter.endpoints.base import Endpoint, Parameter, Parameters, Question, Relayed, choice, number, once
from clipmeter.endpoints.examples import example_of
from clipmeter.endpoints.forms import Forms
from clipmeter.endpoints.includes import read_includes, with_includes
from clipmeter.errors import InvalidParameter, MissingParameter
from clipmeter.media.files import file_of, with_urls
from clipmeter.media.links import PREFIX
from clipmeter.model import INCLUDES, Extras, Video
from clipmeter.sites.tiktok.found import Answer
from clipmeter.sites.tiktok.ref import ShortLink, VideoRef, read_id, read_link

OLDEST = 86_400
"""Seconds: no caller may ask for older answers."""
LONGEST_LANGUAGE = 20
_NAMES = "|".join(INCLUDES)
_forms = Forms()
_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class VideoQuery:
    """Which post is asked for."""

    ref: VideoRef | ShortLink
    max_age: int | None = None
    """Seconds; None: as the operator set."""
    links: str | None = None
    """`direct` or `relay`; None: as the operator set."""
    include: tuple[str, ...] = ()
    language: str = ""
    """Of the subtitle whose text is wanted; "" for none."""
    partial: bool = False
    """Content with what an official embed gives, when nothing else can be had."""

    @property
    def video_id(self) -> str:
        """The id as far as it is known before anything is asked; "" for a short link."""
        return self.ref.id if isinstance(self.ref, VideoRef) else ""


class VideoResult(msgspec.Struct, frozen=True):
    """The body of a 200."""

    video: Video


class Included(Extras, frozen=True, kw_only=True):
    """What `include=` can add to the video."""

    source: Annotated[str, Meta(description="With `include=source`: the source that answered")] = ""


def read(parameters: Parameters) -> VideoQuery:
    """Exactly one of url and video_id."""
    url, video_id = once(parameters, "url"), once(parameters, "video_id")
    if url is not None and video_id is not None:
        raise InvalidParameter("Give either url or video_id, not both.")
    if url is None and video_id is None:
        raise MissingParameter
    include = read_includes(once(parameters, "include"))
    return VideoQuery(
        ref=read_id(video_id) if video_id is not None else read_link(url or ""),
        max_age=number(parameters, "max_age", OLDEST),
        links=choice(parameters, "links", ("direct", "relay")),
        include=include,
        language=_language(once(parameters, "language")) if "subtitles" in include else "",
        partial=choice(parameters, "partial", ("0", "1")) == "1",
    )


def render(answer: Answer, query: VideoQuery, relayed: Relayed) -> bytes:
    """The JSON of a 200."""
    signer = relayed(answer, query.links)
    if not query.include:
        return _encode(VideoResult(answer.video)) if signer is None else _forms.body(answer.video, signer)
    shown = answer if signer is None else with_urls(answer, lambda kind: signer.link(file_of(answer.video, kind)))
    return _encode({"video": with_includes(shown.video, shown.extras, shown.source, query.include)})


def example_body(base_url: str) -> bytes:
    """What the documented example gives, with this server's links, cut short since nobody may use them."""
    video = example_of(Video)
    answer = Answer(video, fetched_at=0, expires_at=None, source="", chain_token="")
    relayed = with_urls(answer, lambda kind: f"{base_url}{PREFIX}/…/{file_of(video, kind).shown}")
    return _encode(VideoResult(relayed.video))


def _language(value: str | None) -> str:
    if value and not (value.isascii() and value.replace("-", "").isalnum() and len(value) <= LONGEST_LANGUAGE):
        raise InvalidParameter("language must be a code like en or eng-US.")
    return value or ""


QUESTIONS = (
    Question(
        "Can I send an id instead of a link?",
        "Yes: give `video_id` in place of `url`. The id is the long number at the end of a post's link. Give one of "
        "the two, not both. Short links (`vm.tiktok.com`, `vt.tiktok.com`, `/t/`) have no id in them; send those as "
        "`url`.",
    ),
    Question(
        "Are the links permanent?",
        "No. A media link of this server is good for up to {link_life}; TikTok's own, which `links=direct` gives, are "
        "good for as long as TikTok likes. When one has expired, ask for the post again. To keep a file, download it "
        "while its link lives: see [media links](/docs/media-links). The link in `url` is the post's own and stays.",
    ),
    Question(
        "What is the difference between the three video links?",
        "`video_url` is the video without a watermark, as an MP4. `video_url_hd` is the best quality that TikTok gives "
        'out, and `""` where that is no better than `video_url`. `video_url_watermarked` is the file with TikTok\'s '
        "watermark. `size`, `size_hd` and `size_watermarked` are their bytes. A photo post has no video: all three are "
        '`""`, and `include=images` gives its pictures.',
    ),
    Question(
        "What if the video is gone?",
        "You get status 404 with the code [`not_found`](/docs/errors/not_found), and the sentence says why as far as "
        "TikTok tells it: deleted, private, under review, age-restricted or blocked in a region. It is not charged.",
    ),
    Question(
        "Why is a count null?",
        "Because the source that answered does not say it. A count is exact or null, and never a 0 that was made up. "
        "Of the counts, `downloads` is null most often: TikTok's pages do not carry it.",
    ),
)

TIKTOK_VIDEO = Endpoint(
    name="tiktok_video",
    path="/v1/tiktok/video",
    title="TikTok Video Details",
    promise="Turns a TikTok link or id into 37 exact fields: caption, counts, links and sizes, covers, music, author.",
    parameters=(
        Parameter(
            name="url",
            description="A link to one TikTok post, of any shape, at most 500 characters. Percent-encode it. "
            "Give exactly one of url and video_id; an empty one counts as none.",
            schema={"type": "string", "maxLength": 500},
            example="https://www.tiktok.com/@tiktok/video/7516594811734854943",
        ),
        Parameter(
            name="video_id",
            description="The post's id: decimal digits only, at most 25, not all zeros. "
            "Give exactly one of url and video_id.",
            schema={"type": "string", "pattern": "^(?:(?=.*[1-9])[0-9]{1,25})?$"},
            example="7516594811734854943",
        ),
        Parameter(
            name="max_age",
            description="The oldest answer you accept, in seconds; 0: fetch now.",
            schema={"type": "integer", "minimum": 0, "maximum": OLDEST},
            example="0",
        ),
        Parameter(
            name="links",
            description="`direct`: TikTok's own media links, which want its cookies; `relay`: links of this server, "
            "which play anywhere.",
            schema={"type": "string", "enum": ["direct", "relay"]},
            example="direct",
        ),
        Parameter(
            name="include",
            description="A comma list of keys to add to `video`: " + ", ".join(f"`{name}`" for name in INCLUDES) + ".",
            schema={"type": "string", "pattern": f"^(?:(?:{_NAMES})(?:,(?:{_NAMES}))*)?$"},
            example="hashtags,streams",
            words=INCLUDES,
        ),
        Parameter(
            name="language",
            description="With `include=subtitles`: the language whose text is wanted, as TikTok names it (`eng-US`) or "
            "short (`en`).",
            schema={
                "type": "string",
                "pattern": "^(?:[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*)?$",
                "maxLength": LONGEST_LANGUAGE,
            },
            example="en",
        ),
        Parameter(
            name="partial",
            description="1: when nothing else can be had, accept what TikTok's official embed gives (title, author, "
            "cover), free and marked `X-Partial: true`.",
            schema={"type": "string", "enum": ["0", "1"]},
            example="0",
        ),
    ),
    read=read,
    result=VideoResult,
    optional=(Video, Included),
    render=render,
    example=("url",),
    example_body=example_body,
    shown=("video.title", "video.video_url"),
    questions=QUESTIONS,
)
