"""What the two clients bring back to a Page, and what they raise to a Problem."""

import re
from collections.abc import Mapping

import aiohttp
from curl_cffi.const import CurlECode
from curl_cffi.curl import CURL_WRITEFUNC_ERROR
from curl_cffi.requests import Response

from clipmeter.errors import Problem, UpstreamConnectionError, UpstreamError, UpstreamTimeout
from clipmeter.sites.addresses import Address
from clipmeter.sites.fetching import Page

_DIGITS = re.compile(r"[0-9]{1,15}")
_DOMAIN = re.compile(r";\s*domain\s*=([^;]*)", re.IGNORECASE)
_NOT_A_FILE = ("text/", "application/json")

_UNREADABLE = {
    CurlECode.UNSUPPORTED_PROTOCOL,  # HTTP/0.9
    CurlECode.WEIRD_SERVER_REPLY,
    CurlECode.BAD_CONTENT_ENCODING,
    CurlECode.TOO_LARGE,  # headers
}


class Body:
    """Takes a body, decompressed, as it comes in, and stops the transfer once it is over the limit."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.content = bytearray()
        self.is_over = False

    def __call__(self, chunk: bytes) -> int:
        if len(self.content) + len(chunk) > self.limit:
            self.is_over = True
            return CURL_WRITEFUNC_ERROR
        self.content += chunk
        return len(chunk)


def page_of(address: Address, answer: Response, body: bytes) -> Page:
    if not answer.status_code:  # the session was closed meanwhile
        raise UpstreamConnectionError(sign="closed before an answer came")
    headers = {name.lower(): value or "" for name, value in answer.headers.multi_items()}
    lines = (line or "" for line in answer.headers.get_list("set-cookie"))
    cookies = dict(_cookie(line) for line in lines if _is_own(line, address.host))
    return Page(str(address), answer.status_code, headers, body, cookies)


def _cookie(line: str) -> tuple[str, str]:
    """Name and value. Read here since the clients' own jars drop a cookie whose Domain is not the rerouted host's."""
    name, _, value = line.partition(";")[0].partition("=")
    return name.strip(), value.strip()


def _is_own(line: str, host: str) -> bool:
    """Whether a host may set this cookie: for itself, or for a domain above it that is not everybody's."""
    found = _DOMAIN.search(line)
    domain = found[1].strip().lstrip(".").lower() if found else ""
    return not domain or domain == host or ("." in domain and host.endswith(f".{domain}"))


def cookie_header(cookies: Mapping[str, str]) -> dict[str, str]:
    return {"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())} if cookies else {}


def page_problem(error: Exception, body: Body) -> Problem:
    code = getattr(error, "code", None)
    if body.is_over:
        return UpstreamError(sign=f"too large: more than {body.limit} bytes")
    if code is None or code in _UNREADABLE:
        return UpstreamError(sign=str(error))
    sent = getattr(getattr(error, "response", None), "request_size", 0)  # bytes of the request; 0: never connected
    if code == CurlECode.OPERATION_TIMEDOUT and sent:
        return UpstreamTimeout(sign=str(error))
    return UpstreamConnectionError(sign=str(error))


def file_problem(error: Exception) -> Problem:
    if isinstance(error, aiohttp.ClientHttpProxyError):
        return UpstreamConnectionError(sign=repr(error))
    if isinstance(error, aiohttp.ClientResponseError | aiohttp.InvalidURL):
        return UpstreamError(sign=repr(error))
    return UpstreamConnectionError(sign=repr(error))


def file_size(status: int, headers: Mapping[str, str]) -> int | None:
    """The whole file's bytes, as the headers of its first byte or of all of it say."""
    if headers.get("content-type", "").startswith(_NOT_A_FILE):  # an error page has a length too
        return None
    length = headers.get("content-range", "").rpartition("/")[2] if status == 206 else headers.get("content-length", "")
    return int(length) if status in {200, 206} and _DIGITS.fullmatch(length) and int(length) else None
