"""Log-in by another provider: OpenID Connect Core 1.0, code flow, with PKCE (RFC 7636), state and nonce.

    begin    the address at the provider to send a browser to
    finish   what it came back with → code for an ID token → who it is

Rule 1: only the browser that began can finish. State, nonce and verifier follow from a random value in its cookie and
one in the state, by an HMAC: nothing is kept, and another browser's cannot be guessed.
Rule 2: of the provider's word nothing counts but the ID token: signed by its keys, for us, from now, with our nonce.
"""

import base64
import hmac
import secrets
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

import httpx
import msgspec
from authlib.common.urls import add_params_to_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from clipmeter.billing.entering import Identity
from clipmeter.billing.refusals import ProviderFailed, ProviderRefused
from clipmeter.mac import Mac

SECONDS = 600
"""Within which a log-in must be finished."""
WITHIN = 10.0
LEEWAY = 60
"""Seconds by which the provider's clock may differ."""
REMEMBER = 3_600.0
"""Seconds for which the provider's addresses and keys are remembered."""
ALGORITHMS = ["RS256", "PS256", "ES256", "RS384", "RS512", "PS384", "PS512", "ES384", "ES512", "EdDSA"]
"""All by public keys: nobody who knows only our secret can sign."""
_MAX_STATE = 1_000
_MAX_ANSWER = 1_000_000


@dataclass(frozen=True, slots=True)
class Client:
    """Who we are to the provider. `secret`: "" for a public client."""

    issuer: str
    client_id: str
    secret: str = ""
    name: str = ""
    """Of the provider, for people."""


@dataclass(frozen=True, slots=True)
class Back:
    """Who came back, and what was carried there and back."""

    identity: Identity
    carried: str


class _State(msgspec.Struct, frozen=True, array_like=True):
    """What goes to the provider and comes back, signed for one browser."""

    random: str
    until: int
    carried: str


class _Provider(msgspec.Struct, frozen=True):
    """What the provider says of itself: OpenID Connect Discovery 1.0."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic",)


class _Answer(msgspec.Struct, frozen=True):
    """Of the token endpoint."""

    id_token: str
    access_token: str = ""


class Oidc:
    """One provider. Use it in one event loop, and close it there."""

    def __init__(self, client: Client, secret: str) -> None:
        """`secret`: signs the state."""
        self._client = client
        self._mac = Mac(Mac(secret.encode()).digest(b"clipmeter oidc"))
        self._http: httpx.AsyncClient | None = None
        self._known: tuple[float, _Provider, KeySet] | None = None
        self.name = client.name or urlsplit(client.issuer).hostname or "OpenID"
        """The provider's, for people."""

    async def begin(self, browser: str, redirect_uri: str, *, carried: str = "") -> str:
        """The address at the provider. Raises ProviderFailed.

        `browser`: a random value in its cookie, to be given to `finish` too; `redirect_uri`: the page that calls
        `finish`, which the provider must know; `carried`: a few words for that page.
        """
        provider, _ = await self._provider()
        state = _State(secrets.token_urlsafe(16), int(time.time()) + SECONDS, carried)
        asked = {
            "response_type": "code",
            "client_id": self._client.client_id,
            "redirect_uri": redirect_uri,
            "scope": "openid email",
            "state": self._signed(state, browser),
            "nonce": self._hidden("nonce", state, browser),
            "code_challenge": create_s256_code_challenge(self._hidden("verifier", state, browser)),
            "code_challenge_method": "S256",
        }
        return str(add_params_to_uri(provider.authorization_endpoint, list(asked.items())))

    async def finish(self, browser: str, state: str, code: str, redirect_uri: str) -> Back:
        """Who came back. `state` and `code` as in the query, "" for none. Raises ProviderRefused, ProviderFailed."""
        begun = self._read(state, browser)
        if not code:
            raise ProviderRefused(f"{self.name} did not log you in. Begin again.")
        provider, keys = await self._provider()
        answer = await self._redeem(provider, code, self._hidden("verifier", begun, browser), redirect_uri)
        nonce = self._hidden("nonce", begun, browser)
        return Back(self._believed(answer, nonce, provider, keys), begun.carried)

    async def aclose(self) -> None:
        """Close every connection."""
        if self._http:
            await self._http.aclose()
        self._http = None

    def _signed(self, state: _State, browser: str) -> str:
        body = _spelled(msgspec.json.encode(state))
        return f"{body}.{self._mark('state', body, browser)}"

    def _read(self, text: str, browser: str) -> _State:
        body, _, mark = text[:_MAX_STATE].partition(".")
        right = self._mark("state", body, browser)
        if not browser or not hmac.compare_digest(right.encode(), mark.encode("utf8", "replace")):
            raise ProviderRefused
        state = msgspec.json.decode(base64.urlsafe_b64decode(body + "=="), type=_State)
        if state.until < time.time():
            raise ProviderRefused
        return state

    def _hidden(self, purpose: str, state: _State, browser: str) -> str:
        return self._mark(purpose, f"{state.random} {state.until}", browser)

    def _mark(self, *parts: str) -> str:
        return _spelled(self._mac.digest("\n".join(parts).encode("utf8", "replace")))

    async def _provider(self) -> tuple[_Provider, KeySet]:
        """Its addresses and keys; asked for when there are none yet, or they are old."""
        if self._known and self._known[0] > time.monotonic():
            return self._known[1:]
        issuer = self._client.issuer.rstrip("/")
        provider = _decoded(await self._get(f"{issuer}/.well-known/openid-configuration"), _Provider)
        if provider.issuer.rstrip("/") != issuer:
            raise ProviderFailed(sign=f"the provider calls itself {provider.issuer}")
        try:
            keys = KeySet.import_key_set(_decoded(await self._get(provider.jwks_uri), dict))
        except (JoseError, ValueError, KeyError, TypeError) as error:
            raise ProviderFailed(sign=f"its keys: {error!r}") from error
        self._known = (time.monotonic() + REMEMBER, provider, keys)
        return provider, keys

    async def _redeem(self, provider: _Provider, code: str, verifier: str, redirect_uri: str) -> _Answer:
        client = self._client
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": verifier,
        }
        basic = bool(client.secret) and "client_secret_basic" in provider.token_endpoint_auth_methods_supported
        if not basic:
            form |= {"client_id": client.client_id} | ({"client_secret": client.secret} if client.secret else {})
        auth = httpx.BasicAuth(quote(client.client_id, ""), quote(client.secret, "")) if basic else None
        body = await self._asked("POST", provider.token_endpoint, data=form, auth=auth)
        answer: _Answer = _decoded(body, _Answer)
        return answer

    def _believed(self, answer: _Answer, nonce: str, provider: _Provider, keys: KeySet) -> Identity:
        options = {
            "iss": {"essential": True, "value": provider.issuer},
            "aud": {"essential": True, "value": self._client.client_id},
            "nonce": {"essential": True, "value": nonce},
        }
        params = {"nonce": nonce, "client_id": self._client.client_id, "access_token": answer.access_token}
        try:
            token = jwt.decode(answer.id_token, keys, algorithms=ALGORITHMS)
            claims = CodeIDToken(token.claims, token.header, options, params)
            claims.validate(leeway=LEEWAY)
            subject = claims["sub"]
        except (JoseError, ValueError, KeyError, TypeError) as error:
            self._known = None  # its keys may be new
            raise ProviderFailed(sign=f"its ID token: {error!r}") from error
        email, verified = claims.get("email"), claims.get("email_verified")
        known = isinstance(email, str) and verified in {True, "true"}
        return Identity(provider.issuer, str(subject), str(email) if known else "", known)

    async def _get(self, url: str) -> bytes:
        return await self._asked("GET", url)

    async def _asked(self, method: str, url: str, **more: Any) -> bytes:  # noqa: ANN401 - httpx's
        """What it answered with 200. Raises ProviderFailed."""
        if self._http is None:  # made at first use, as it belongs to a running loop
            self._http = httpx.AsyncClient(timeout=WITHIN, follow_redirects=False, trust_env=False)
        try:
            answer = await self._http.request(method, url, headers={"Accept": "application/json"}, **more)
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            raise ProviderFailed(sign=f"{url}: {error!r}") from error
        if answer.status_code != httpx.codes.OK or len(answer.content) > _MAX_ANSWER:
            raise ProviderFailed(sign=f"{url}: status {answer.status_code}: {answer.text[:200]}")
        return answer.content


def _decoded(body: bytes, kind: Any) -> Any:  # noqa: ANN401 - a value of this type
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.DecodeError as error:
        raise ProviderFailed(sign=f"its answer: {error}") from error


def _spelled(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()
