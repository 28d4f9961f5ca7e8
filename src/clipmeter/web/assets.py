"""Files for browsers: the style sheet, and what `make site` built of the front-end's packages.

Each is served under an address with its digest in it, so that browsers may keep it for ever. What was not built is not
linked to: pages work without.
"""

import re
from dataclasses import dataclass
from functools import cache
from gzip import compress
from hashlib import blake2b
from importlib.resources import files
from typing import Any

from litestar import Request, Response, route
from litestar.enums import HttpMethod
from litestar.handlers import HTTPRouteHandler

from clipmeter.errors import UnknownPath

STATIC = "/static"
CSS = "pages.css"
TYPES = {
    "css": "text/css",
    "js": "text/javascript",
    "json": "application/json",
    "svg": "image/svg+xml",
    "txt": "text/plain",
    "woff2": "font/woff2",
}
_REFUSED = re.compile(r"\s*q\s*=\s*0(?:\.0*)?\s*", re.IGNORECASE)
_FOR_EVER = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class Asset:
    """One file."""

    media_type: str
    body: bytes
    squeezed: bytes
    """The same by gzip."""
    digest: str

    @property
    def etag(self) -> str:
        """For browsers that asked for it before."""
        return f'"{self.digest}"'


@cache
def assets() -> dict[str, Asset]:
    """All files there are, by name: read once."""
    static = files("clipmeter.web") / "static"
    built = list(static.iterdir()) if static.is_dir() else []
    found = {file.name: _asset(file.name, file.read_bytes()) for file in built if file.name.rpartition(".")[2] in TYPES}
    return {**found, CSS: _asset(CSS, css())}


def css() -> bytes:
    """The one style sheet: all pieces, in the order of their names."""
    pieces = (files("clipmeter.web.pages") / "styles").iterdir()
    return b"".join(piece.read_bytes() for piece in sorted(pieces, key=lambda piece: piece.name))


def asset_url(name: str) -> str:
    """Where a file is; "" when it was not built."""
    asset = assets().get(name)
    return f"{STATIC}/{asset.digest}/{name}" if asset else ""


def asset_handler() -> HTTPRouteHandler:
    """The route of all of them."""

    @route(f"{STATIC}/{{digest:str}}/{{name:str}}", http_method=[HttpMethod.GET, HttpMethod.HEAD], sync_to_thread=False)
    def answer(request: Request[Any, Any, Any], digest: str, name: str) -> Response[bytes]:
        asset = assets().get(name)
        if asset is None or asset.digest != digest:
            raise UnknownPath
        headers = {"Cache-Control": _FOR_EVER, "ETag": asset.etag, "X-Content-Type-Options": "nosniff"}
        if has_it(request, asset.etag):
            return Response(b"", status_code=304, media_type=asset.media_type, headers=headers)
        return squeezed(request, Response(asset.body, media_type=asset.media_type, headers=headers), asset.squeezed)

    return answer


def squeezed(request: Request[Any, Any, Any], answer: Response[bytes], smaller: bytes | None = None) -> Response[bytes]:
    """The same by gzip where the browser takes it; `smaller`: the body squeezed already."""
    answer.headers["Vary"] = "Accept-Encoding"
    if _takes_gzip(request.headers.get("accept-encoding", "")):
        answer.content = compress(answer.content, 5, mtime=0) if smaller is None else smaller
        answer.headers["Content-Encoding"] = "gzip"
    return answer


def has_it(request: Request[Any, Any, Any], etag: str) -> bool:
    """Whether the browser has the body of that ETag, by one of those that it names."""
    named = request.headers.get("if-none-match", "").split(",")
    return any(one.strip().removeprefix("W/") == etag for one in named)


def _takes_gzip(accepted: str) -> bool:
    """Whether it is named, and not with a weight of nothing."""
    return any(
        coding.strip().lower() == "gzip" and not _REFUSED.fullmatch(weight)
        for coding, _, weight in (one.partition(";") for one in accepted.split(","))
    )


def _asset(name: str, body: bytes) -> Asset:
    digest = blake2b(body, digest_size=6).hexdigest()
    return Asset(TYPES[name.rpartition(".")[2]], body, compress(body, 9, mtime=0), digest)
