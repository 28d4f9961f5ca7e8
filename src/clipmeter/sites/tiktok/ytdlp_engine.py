"""yt-dlp with its network taken away: every request goes through a function that it is given.

Rule 1: nothing here opens a socket, reads a configuration, writes a file or loads a plugin.
Rule 2: imported at first use only, in the thread that uses it: it takes a third of a second and 30 MB.
"""

from collections.abc import Callable, Mapping
from io import BytesIO
from typing import Any

from yt_dlp import YoutubeDL
from yt_dlp.extractor.tiktok import TikTokIE
from yt_dlp.globals import all_plugins_loaded, plugin_dirs
from yt_dlp.networking import Request, RequestDirector, Response
from yt_dlp.networking.exceptions import TransportError
from yt_dlp.networking.impersonate import ImpersonateRequestHandler, ImpersonateTarget
from yt_dlp.utils import YoutubeDLError

from clipmeter.sites.fetching import Page

Get = Callable[[str, Mapping[str, str], str], Page | None]
"""URL, headers, `Cookie` header → the page; None when there is none to be had."""

Failed = YoutubeDLError
"""What `ask` raises when yt-dlp finds no post."""

_NOT_FOR_CLIENTS = {"content-encoding", "content-length", "transfer-encoding"}

plugin_dirs.value = []
all_plugins_loaded.value = True


class _DoorRH(ImpersonateRequestHandler):
    """The one handler of requests."""

    _SUPPORTED_URL_SCHEMES = ("https",)
    _SUPPORTED_PROXY_SCHEMES = None
    _SUPPORTED_FEATURES = None
    # The door is a browser already, whatever target is asked for.
    _SUPPORTED_IMPERSONATE_TARGET_MAP = {ImpersonateTarget("chrome"): "chrome"}  # noqa: RUF012 - as yt-dlp wants it

    def __init__(self, get: Get, **options: Any) -> None:  # noqa: ANN401 - passed on
        super().__init__(**options)
        self._get = get

    def _check_extensions(self, extensions: dict[str, Any]) -> None:
        super()._check_extensions(extensions)
        for name in ("impersonate", "cookiejar", "timeout", "legacy_ssl", "keep_header_casing"):
            extensions.pop(name, None)

    def _send(self, request: Request) -> Response:
        if request.method != "GET":
            raise TransportError(f"no {request.method} requests here")
        headers = {name: value for name, value in self._get_impersonate_headers(request).items() if value}
        cookies = self._get_cookiejar(request).get_cookie_header(request.url) or ""
        page = self._get(request.url, headers, cookies)
        if page is None:
            raise TransportError("no answer")
        kept = {name: value for name, value in page.headers.items() if name not in _NOT_FOR_CLIENTS}
        return Response(BytesIO(page.body), page.url, kept, page.status)


class _Engine(YoutubeDL):
    def __init__(self, get: Get) -> None:
        self._get = get
        super().__init__(_PARAMS, auto_init=False)
        self.add_info_extractor(TikTokIE())

    def build_request_director(self, _handlers: object, _preferences: object = None) -> RequestDirector:
        director = RequestDirector(logger=_SILENCE)
        director.add_handler(_DoorRH(self._get, logger=_SILENCE, cookiejar=self.cookiejar))
        return director


class _Silence:
    """A logger of both of yt-dlp's kinds that says nothing."""

    def debug(self, *_: object, **__: object) -> None: ...

    info = warning = error = stdout = stderr = report_warning = debug


_SILENCE = _Silence()
_PARAMS = {
    "quiet": True,
    "no_warnings": True,
    "logger": _SILENCE,
    "cachedir": False,
    "geo_bypass": False,
    "writesubtitles": True,  # else it does not look for them
}


def ask(url: str, get: Get) -> dict[str, Any]:
    """What yt-dlp tells of a post, its fields as it names them. Raises Failed, or what `get` raises."""
    with _Engine(get) as engine:
        told = engine.extract_info(url, download=False, process=False, ie_key=TikTokIE.ie_key())
    return told if isinstance(told, dict) else {}
