"""The answers that are not a post: challenges, refusals, redirects, broken pages."""

from collections.abc import Callable

from fauxtok import challenge, jsons, pages
from fauxtok.asgi import HTML, Answer
from fauxtok.bulk import AFTER, BEFORE, HEAD, TAIL
from fauxtok.item_video import Json
from fauxtok.links import Signer
from fauxtok.world import another

_SMALL = "<!DOCTYPE html><html><head><title>{}</title></head><body>{}</body></html>"


def small(title: str, text: str, status: int = 200, *headers: tuple[bytes, bytes]) -> Answer:
    return Answer.of(_SMALL.format(title, text).encode(), status, HTML, *headers)


def redirect(to: str, status: int = 302) -> Answer:
    return Answer.of(b"", status, HTML, (b"location", to.encode()))


def _another_id(number: int, signer: Signer) -> Answer:
    return pages.whole(pages.found(another(number), "", signer, mobile=False), signer.token, zipped=False)


def _detail(detail: object) -> Callable[[int, Signer], Answer]:
    def page(number: int, signer: Signer) -> Answer:
        return pages.whole(pages.scopes(number, "", detail, mobile=False), signer.token, zipped=False)

    return page


def _classified(number: int, signer: Signer) -> Answer:
    inside: Json = {"id": str(number), "isContentClassified": True, "author": {"uniqueId": "grown.ups"}}
    return _detail({"itemInfo": {"itemStruct": inside}, "shareMeta": {}, "statusCode": 0, "statusMsg": ""})(
        number, signer
    )


def _login(number: int, _signer: Signer) -> Answer:
    return redirect(f"https://www.tiktok.com/login?redirect_url=https%3A%2F%2Fwww.tiktok.com%2F%40_%2Fvideo%2F{number}")


def _challenge(number: int, _signer: Signer) -> Answer:
    return Answer.of(challenge.page(number))


def _captcha(_number: int, _signer: Signer) -> Answer:
    loader = "https://lf16-cdn-tos.tiktokcdn-us.com/obj/static-tx/oec-ttweb-captcha/loader/captcha/index.js"
    return small(
        "Security Check", f'<div id="captcha_container" class="captcha-verify"></div><script src="{loader}"></script>'
    )


def _fixed(answer: Answer) -> Callable[[int, Signer], Answer]:
    return lambda _number, _signer: answer


def _broken(number: int, signer: Signer) -> Answer:
    middle = pages.found(number, "", signer, mobile=False)
    return Answer.of(BEFORE + middle[: len(middle) // 2] + TAIL, 200, HTML, *pages.cookies(signer.token))


_LISTS: Json = {
    "id": ["1"],
    "desc": {},
    "createTime": [],
    "video": ["no"],
    "author": ["nobody"],
    "stats": [1, 2],
    "music": [],
}
_DENIED = (
    "<h1>Access Denied</h1>You don't have permission to access this page on this server.<p>Reference #18.fa0c0d17</p>"
)

PAGES: dict[str, Callable[[int, Signer], Answer]] = {
    "another_id": _another_id,
    "classified": _classified,
    "login": _login,
    "empty": _fixed(Answer.of(b"")),
    "system_error_3": _fixed(small("TikTok", "", 200, (b"x-tt-system-error", b"3"))),
    "challenge": _challenge,
    "challenge_again": _challenge,
    "captcha": _captcha,
    "access_denied": _fixed(small("Access Denied", _DENIED, 403)),
    "too_many": _fixed(small("Too Many Requests", "Too many requests. Please try again later.", 429)),
    "maintenance": _fixed(small("Site Maintenance", "<h1>Site Maintenance</h1>We'll be back soon.")),
    "no_script": _fixed(Answer.of(HEAD + b"<script>" + TAIL)),
    "no_item": _detail({"itemInfo": {}, "shareMeta": {}, "statusCode": 0, "statusMsg": ""}),
    "item_is_text": _detail({"itemInfo": {"itemStruct": "[object Object]"}, "statusCode": 0, "statusMsg": ""}),
    "fields_are_lists": _detail({"itemInfo": {"itemStruct": _LISTS}, "statusCode": 0, "statusMsg": ""}),
    "broken_json": _broken,
}


def shell(number: int, signer: Signer, *, zipped: bool) -> Answer:
    """A page without data, as /photo/ID is."""
    return pages.whole(pages.scopes(number, "", None, mobile=False), signer.token, zipped=zipped, after=AFTER)


def login_page() -> Answer:
    return small("Log in | TikTok", '<div id="loginContainer">Log in to TikTok</div>')


def home(signer: Signer) -> Answer:
    """The front page: data, but of no post."""
    middle = b"," + jsons.script({"webapp.a-b": {}})[1:-1]
    return pages.whole(middle, signer.token, zipped=False)


def lost(text: str = "Couldn't find this page") -> Answer:
    return small("TikTok", text, 404)
