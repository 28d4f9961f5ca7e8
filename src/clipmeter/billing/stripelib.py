"""Stripe's own library: the only module that imports it. That takes a third of a second, so it is imported late."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import stripe

from clipmeter.billing.payments import CardDeclined, PaymentsRefused, PaymentsUnavailable

TRIES = 2
"""Repeats after a request that got no answer, a 409 or a 5xx."""
_MISSING, _IN_USE, _FAULT = 404, 409, 500
stripe.enable_telemetry = False


class _Http(stripe.HTTPXClient):
    def _get_request_args_kwargs(self, method: str, url: str, headers: Mapping[str, str], post_data: Any) -> Any:  # noqa: ANN401
        # The library gives text as `data`, which httpx warns about.
        args, kwargs = super()._get_request_args_kwargs(method, url, headers, post_data)
        kwargs["content"] = kwargs.pop("data") or b""
        return args, kwargs


class Client:
    """Stripe's client with connections of its own."""

    def __init__(self, secret_key: str, *, url: str, timeout: float) -> None:
        """`url`: "" for Stripe's own; `timeout`: seconds for each try."""
        self._http = _Http(timeout=timeout)
        addresses: Any = {"base_addresses": {"api": url}} if url else {}
        made = stripe.StripeClient(secret_key, http_client=self._http, max_network_retries=TRIES, **addresses)
        self.v1: Any = made.v1
        """The API. Its parameters are typed as dicts that mypy cannot see through; a test checks them."""

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.close_async()  # type: ignore[no-untyped-call]  # the library's


@contextmanager
def in_our_words() -> Iterator[None]:
    """None of the library's errors leave."""
    try:
        yield
    except stripe.CardError as error:
        decline = getattr(error.error, "decline_code", None)
        raise _told(
            CardDeclined(error.user_message), "/".join(part for part in (error.code, decline) if part)
        ) from error
    except stripe.IdempotencyError as error:
        if error.http_status == _IN_USE:  # somebody else asks for the same right now
            raise PaymentsUnavailable(sign=repr(error)) from error
        raise _told(PaymentsRefused(error.user_message), "idempotency_error") from error
    except stripe.InvalidRequestError as error:
        reason = "resource_missing" if error.http_status == _MISSING else error.code or ""
        raise _told(PaymentsRefused(error.user_message, sign=str(error)), reason) from error
    except stripe.StripeError as error:  # no answer, 429, 5xx; and a key that is wrong, which its owner can put right
        raise PaymentsUnavailable(sign=repr(error), fault=(error.http_status or 0) >= _FAULT) from error


def _told(problem: PaymentsRefused, reason: str) -> PaymentsRefused:
    problem.reason = reason
    return problem


def is_signed(body: str, header: str, secret: str, within: int) -> bool:
    """Whether Stripe signed this body, at most `within` seconds ago."""
    try:
        stripe.WebhookSignature.verify_header(body, header, secret, within)
    except stripe.SignatureVerificationError:
        return False
    return True
