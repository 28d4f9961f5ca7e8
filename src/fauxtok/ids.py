"""The documented ids: a closed list, one for every sign that TikTok is known to give, and never a pattern.

Each says what a caller of the clipmeter API must be told for it. Any other id of a plausible time is an ordinary video.
"""

from dataclasses import dataclass
from enum import Enum

EXAMPLE_ID = 7516594811734854943


class Kind(Enum):
    """How an outcome is made."""

    POST = "a page with a post"
    STATUS = "a page whose statusCode is not 0"
    PAGE = "a page of another sort"
    WIRE = "no page at all"


@dataclass(frozen=True, slots=True)
class Outcome:
    """One thing that can come back. `number` and `message` are TikTok's own statusCode and statusMsg, if it has any."""

    name: str
    kind: Kind
    status: int
    code: str
    means: str
    number: int = 0
    message: str = ""
    own_files: bool = False
    """Whether its files differ from an ordinary post's: the CDN knows a post by its id, so this is no mood."""


def _post(name: str, means: str, *, own_files: bool = False) -> Outcome:
    return Outcome(name, Kind.POST, 200, "", means, own_files=own_files)


def _gone(name: str, number: int, message: str, means: str) -> Outcome:
    return Outcome(name, Kind.STATUS, 404, "not_found", means, number, message)


def _page(name: str, status: int, code: str, means: str) -> Outcome:
    return Outcome(name, Kind.PAGE, status, code, means)


_LIMIT = "upstream_rate_limit"
_BROKEN = "upstream_error"

DOCUMENTED: dict[int, Outcome] = {
    EXAMPLE_ID: _post("example", "the example of the API's documentation, value for value"),
    7500000000000000200: _post("found", "an ordinary video"),
    7500000000000000201: _post("photo", "a photo post"),
    7500000000000000202: _post("only_watermarked", "playAddr equals downloadAddr: there is no plain file"),
    7500000000000000203: _post("no_download", "the author forbids downloads: downloadAddr is empty"),
    7500000000000000204: _post("shop", "a TikTok Shop page: links empty, no bitrateInfo"),
    7500000000000000205: _post("rounded", "stats is rounded as on big accounts; statsV2 has the exact counts"),
    7500000000000000206: _post("many_photos", "a photo post of 35 pictures, to a song", own_files=True),
    7500000000000000207: _post("subtitled", "subtitles in eight languages", own_files=True),
    7500000000000000208: _post("big", "files of 60 MB and 100 MiB", own_files=True),
    7500000000000000209: _post("huge", "files of 1 GiB and 1.5 GiB", own_files=True),
    7500000000000000210: _post("caption_markup", "a caption of HTML and script"),
    7500000000000000211: _post("caption_direction", "a caption with right-to-left marks and control characters"),
    7500000000000000212: _post("caption_halves", "a caption with halves of surrogate pairs: each is told as U+FFFD"),
    7500000000000000213: _post("impossible_counts", "negative counts and 10^30: told as null"),
    7500000000000000404: _page("another_id", 404, "not_found", "the page holds another video"),
    7500000000001020401: _gone("missing", 10204, "item doesn't exist", "never existed"),
    7500000000001020402: _gone("deleted", 10204, "status_deleted", "deleted"),
    7500000000001020403: _gone(
        "private_item", 10204, "item_privacy_authorization&status_deleted", "not open to this viewer"
    ),
    7500000000001020404: _gone("self_see", 10204, "status_self_see", "private"),
    7500000000001020405: _gone("reviewing", 10204, "status_reviewing", "still under review"),
    7500000000001020406: _gone("audit_not_pass", 10204, "status_audit_not_pass", "taken down in review"),
    7500000000001020407: _gone("age_classified", 10204, "content_classification", "age-restricted"),
    7500000000001020408: _gone("copyright_geo", 10204, "copyright_geo_filter", "blocked here for its music"),
    7500000000001020409: _gone("person_geo", 10204, "person_geo_fencing", "blocked here by its author"),
    7500000000001020410: _gone("cross_border", 10204, "cross_border_violation", "blocked here by law"),
    7500000000000010216: _gone("private", 10216, "status_self_see", "private"),
    7500000000000010222: _gone("private_account", 10222, "author_secret", "the account is private"),
    7500000000000010221: _gone("account_gone", 10221, "author_status", "the account is banned or gone"),
    7500000000000010215: _gone("friends_only", 10215, "status_friend_see", "friends only"),
    7500000000000010217: _gone("removed", 10217, "status_deleted", "removed"),
    7500000000000010101: _gone("system_error", 10101, "SysErrPanic", "not served to the public"),
    7500000000000010231: _gone("region_blocked", 10231, "cross_border_violation", "not shown in this region"),
    7500000000000100004: _gone("invalid_request", 100004, "invalid parameters", "refused as invalid"),
    7500000000000000403: _page("classified", 404, "not_found", "isContentClassified: needs a login"),
    7500000000000000401: _page("login", 404, "not_found", "redirects to /login"),
    7500000000000042901: _page("empty", 429, _LIMIT, "status 200, empty body"),
    7500000000000042902: _page("system_error_3", 429, _LIMIT, "small page with X-TT-System-Error: 3"),
    7500000000000042903: _page("challenge", 200, "", "“Please wait…”; who solves it (yt-dlp does) gets the video"),
    7500000000000042904: _page("challenge_again", 429, _LIMIT, "“Please wait…”, again and again, solved or not"),
    7500000000000042905: _page("captcha", 429, _LIMIT, "captcha page"),
    7500000000000042906: _page("access_denied", 429, _LIMIT, "status 403, “Access Denied”"),
    7500000000000042907: _page("too_many", 429, _LIMIT, "status 429"),
    7500000000000042908: _page("maintenance", 429, _LIMIT, "“Site Maintenance”"),
    7500000000000050201: _page("no_script", 502, _BROKEN, "a page without the data script"),
    7500000000000050202: _page("no_item", 502, _BROKEN, "statusCode 0, but no item"),
    7500000000000050203: _page("item_is_text", 502, _BROKEN, "itemStruct is a string"),
    7500000000000050204: _page("fields_are_lists", 502, _BROKEN, "id, video, author and stats are lists"),
    7500000000000050205: _page("broken_json", 502, _BROKEN, "the script's JSON breaks off"),
    7500000000000050211: Outcome(
        "cut", Kind.WIRE, 502, "upstream_connection_error", "the connection is cut before any answer"
    ),
    7500000000000050401: Outcome("never", Kind.WIRE, 504, "upstream_timeout", "no answer for 60 seconds"),
}

_WEATHER: tuple[Outcome, ...] = (
    _page("slow_drip", 504, "upstream_timeout", "the page comes in drops: all of it would take minutes"),
    _page("cut_middle", 502, "upstream_connection_error", "the connection is cut in the middle of the page"),
    _page("script_renamed", 502, _BROKEN, "changed layout: the data script has another id"),
    _page("item_moved", 502, _BROKEN, "changed layout: the item stands elsewhere in the script"),
    _page("fields_renamed", 502, _BROKEN, "changed layout: the item's fields have other names"),
    _page("refuse_chrome", 429, _LIMIT, "status 403 to every browser that is not among `allowed`"),
    _page("redirect_loop", 502, _BROKEN, "redirects to itself"),
    _page("redirect_away", 502, _BROKEN, "redirects to another host"),
    _page("redirect_loopback", 502, _BROKEN, "redirects to this machine, over plain HTTP"),
    _page("redirect_http", 502, _BROKEN, "redirects to the same page over plain HTTP"),
    _page("huge_page", 502, _BROKEN, "100 MB of page, without an announced length"),
    _page("gzip_bomb", 502, _BROKEN, "1 MB of gzip that holds 1 GiB"),
    _page("deep_json", 502, _BROKEN, "JSON nested 10,000 deep inside the item"),
    _page("bad_utf8", 200, "", "bytes that are no UTF-8 in the caption: told as U+FFFD"),
    _page("foreign_cookies", 200, "", "the page sets cookies for other hosts, a tt_chain_token among them"),
)

OUTCOMES: dict[str, Outcome] = {outcome.name: outcome for outcome in DOCUMENTED.values()}
MOODS: dict[str, Outcome] = {
    outcome.name: outcome for outcome in (*OUTCOMES.values(), *_WEATHER) if not outcome.own_files
}
"""What can be made of any page for a while: all outcomes, and bad weather that no id stands for."""
WEATHER = frozenset(outcome.name for outcome in _WEATHER)
FOUND = OUTCOMES["found"]
MISSING = OUTCOMES["missing"]


def table() -> list[dict[str, str | int]]:
    """The documented ids as `--ids` prints them."""
    return [
        {"id": str(number), "outcome": it.name, "status": it.status, "code": it.code}
        for number, it in DOCUMENTED.items()
    ]
