"""What TikTok's answers mean when they hold no post: the tables, as data, and the Problem each row becomes. Pure."""

import re
from collections.abc import Mapping

from clipmeter.errors import NotFound, Problem, UpstreamError, UpstreamRateLimit

from .loose import text, whole

LOGIN = "This video is age-restricted or login only; TikTok shows it to no one who is not logged in."
_GONE = "This video does not exist."
_DELETED = "This video was deleted."
_PRIVATE = "This video is private."
_FRIENDS = "This video is private: only friends of its author may see it."
_REGION = "This video is not shown in the region that this server asks from."
_REVIEW = "This video is under review by TikTok and not public."
_REMOVED = "This video did not pass TikTok's review and is not public."
_COPYRIGHT = "This video is blocked in some regions for copyright, among them the one this server asks from."
_AUTHOR = "The account that posted this video does not exist, is banned, or is not public."
_HIDDEN = "This video is not available to the public."

WORDS: tuple[tuple[str, str], ...] = (
    # The first that stands in the message wins: several are joined by & or a comma, the most definite is listed first.
    ("status_deleted", _DELETED),
    ("status_self_see", "This video is private: only its author may see it."),
    ("status_friend_see", _FRIENDS),
    ("status_part_see", _FRIENDS),
    ("status_audit_not_pass", _REMOVED),
    ("status_reviewing", _REVIEW),
    ("content_classification", LOGIN),
    ("copyright", _COPYRIGHT),
    ("person_geo_fencing", _REGION),
    ("cross_border_violation", _REGION),
    ("geo_filter", _REGION),
    ("item_privacy_authorization", _PRIVATE),
    ("privacy", _PRIVATE),
    ("author_status", _AUTHOR),
    ("item doesn't exist", _GONE),
    ("doesn't exist", _GONE),
    ("not exist", _GONE),
)

CODES: Mapping[int, str] = {
    10204: "This video does not exist, was deleted, or is not shown to this server.",
    10216: _PRIVATE,
    10222: "This video is private or for friends only: its author's account is not public.",
    10217: _DELETED,
    10215: _REMOVED,
    10221: _AUTHOR,
    10202: _AUTHOR,
    10231: _REGION,
    10101: _HIDDEN,
    10111: LOGIN,
    100004: _HIDDEN,
}
# What these say is not, or not surely, said of the post. All other reasons above are TikTok's own word on it.
_DOUBTFUL: Mapping[int, str] = {
    10204: "a blocked address is told the same of every post",
    10101: "a mistake on TikTok's side (SysErrPanic) reads so too",
    100004: "it says that the request was not right",
}
_AVAILABILITY = range(10200, 10300)  # TikTok's codes of this range say why something is not shown
_VERIFY = frozenset({10000})  # "solve this captcha first"

CHALLENGE = "challenge page"
"""The sign of a page that a browser's script would get past."""

BLOCKS: tuple[tuple[re.Pattern[bytes], str], ...] = (
    (re.compile(rb"\bid=[\"']?(?:cs|wci|rci)[\"'\s>]|_wafchallengeid|waforiginalreid"), CHALLENGE),
    (re.compile(rb"please wait\.\.\."), CHALLENGE),
    (
        re.compile(
            rb"captcha[_-]?(?:container|verify)|captcha/(?:index\.js|loader)|verify[_-](?:page|captcha)"
            rb"|verify to continue|\"type\":\s*\"verify\"|<title[^>]*>\s*security check"
        ),
        "captcha page",
    ),
    (re.compile(rb"access denied"), "Access Denied"),
    (re.compile(rb"site maintenance"), "Site Maintenance"),
)
_HEAD = 65_536  # a page that blocks is small or says so at its beginning
_LOGIN_ADDRESS = re.compile(r"https?://[^/?#]+/login(?:[/?#]|$)", re.IGNORECASE)


def unavailable(code: object, message: object) -> Problem | None:
    """What a status other than 0, or a message that explains one, means; None when the two say nothing."""
    number, words = whole(code), text(message).strip().lower()
    sign = f"status {text(code) or number} {words}".strip()[:200]
    sentence = next((sentence for word, sentence in WORDS if word in words), None)
    if sentence and (sentence != _GONE or number not in CODES):
        return _not_found(sentence, sign, certain=sentence != _GONE)
    if number is not None and number in CODES:
        return _not_found(sentence or CODES[number], sign, certain=number not in _DOUBTFUL)
    if number in _VERIFY:
        return _refusal("captcha", sign)
    if number in _AVAILABILITY:
        return NotFound(f"{_HIDDEN} TikTok gives the reason {number}.", sign=sign)
    return None if number == 0 or not text(code) else UpstreamError(sign=sign)


def filtered(detail: object) -> Problem | None:
    """What the app's `filter_detail` means, which stands where a post is withheld; None when there is none."""
    reason = text(detail.get("filter_reason")) if isinstance(detail, dict) else ""
    return (unavailable(None, reason) or NotFound(_HIDDEN, sign=f"filter {reason:.100}")) if reason else None


def another(asked: str, found: str) -> NotFound:
    """TikTok answers for a post that is gone with some other one. Never certain: its feed does so now and then."""
    return NotFound(
        "TikTok answered with another video; the one asked for does not exist, was deleted, or is private.",
        sign=f"asked {asked}, got {found}",
    )


def login(sign: str) -> NotFound:
    """The post is shown after a login only."""
    return _not_found(LOGIN, sign, certain=True)


def _not_found(sentence: str, sign: str, *, certain: bool) -> NotFound:
    problem = NotFound(sentence, sign=sign)
    problem.is_certain = certain
    return problem


def nothing(body: bytes, *, status: int, headers: Mapping[str, str], url: str, sign: str) -> Problem:
    """What an answer without a post and without a word on it means. `sign`: what its reader missed in it."""
    if _LOGIN_ADDRESS.match(url):
        return login("redirected to /login")
    return refused(body, status, headers) or UpstreamError(sign=sign if status < 400 else f"HTTP {status}, {sign}")


def refused(body: bytes, status: int, headers: Mapping[str, str]) -> UpstreamRateLimit | None:
    """The verdict on an answer that keeps its asker out; None when it is not such a one."""
    if status in {403, 429}:
        return _refusal(f"HTTP {status}")
    error = next((value for name, value in headers.items() if name.lower() == "x-tt-system-error"), None)
    if error is not None:
        return _refusal("a system error", f"X-TT-System-Error: {error}")
    if status < 400 and not body.strip():
        return _refusal("an empty answer", "empty body")
    head = body[:_HEAD].lower()
    return next((_refusal(sign) for pattern, sign in BLOCKS if pattern.search(head)), None)


def _refusal(what: str, sign: str = "") -> UpstreamRateLimit:
    return UpstreamRateLimit(
        f"TikTok refuses requests from this server's address for now ({what}); try again later.", sign=sign or what
    )
