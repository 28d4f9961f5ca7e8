"""GET /v1/tiktok/video: one TikTok post by link or id."""

from dataclasses import dataclass

import msgspec

from clipmeter.endpoints.base import Endpoint, Parameter, Parameters, once
from clipmeter.errors import InvalidParameter, MissingParameter
from clipmeter.model import Video
from clipmeter.sites.tiktok.ref import ShortLink, VideoRef, read_id, read_link


@dataclass(frozen=True, slots=True)
class VideoQuery:
    """Which post is asked for."""

    ref: VideoRef | ShortLink

    @property
    def video_id(self) -> str:
        """The id as far as it is known before anything is asked; "" for a short link."""
        return self.ref.id if isinstance(self.ref, VideoRef) else ""


class VideoResult(msgspec.Struct, frozen=True):
    """The body of a 200."""

    video: Video


def read(parameters: Parameters) -> VideoQuery:
    """Exactly one of url and video_id."""
    url, video_id = once(parameters, "url"), once(parameters, "video_id")
    if url is not None and video_id is not None:
        raise InvalidParameter("Give either url or video_id, not both.")
    if url is not None:
        return VideoQuery(read_link(url))
    if video_id is not None:
        return VideoQuery(read_id(video_id))
    raise MissingParameter


TIKTOK_VIDEO = Endpoint(
    name="tiktok_video",
    path="/v1/tiktok/video",
    title="TikTok Video Details",
    promise="Turns a TikTok link or id into 37 exact fields: caption, counts, links and sizes, covers, music, author.",
    parameters=(
        Parameter(
            name="url",
            description="A link to one TikTok post, of any shape, at most 500 characters. Percent-encode it. "
            "Give exactly one of url and video_id.",
            schema={"type": "string", "minLength": 1, "maxLength": 500},
            example="https://www.tiktok.com/@tiktok/video/7516594811734854943",
        ),
        Parameter(
            name="video_id",
            description="The post's id: decimal digits only, at most 25, not all zeros. "
            "Give exactly one of url and video_id.",
            schema={"type": "string", "pattern": "^(?=.*[1-9])[0-9]{1,25}$"},
            example="7516594811734854943",
        ),
    ),
    read=read,
    result=VideoResult,
    envelope=lambda answer: VideoResult(answer.video),
)
