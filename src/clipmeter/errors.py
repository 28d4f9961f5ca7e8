"""Every problem a caller can be told.

The tree, by status; the class docstring is the sentence a person gets unless a better one is given:

    Problem
    ├── BadRequest                          400
    │   ├── MissingParameter                    missing_parameter
    │   └── InvalidParameter                    invalid_parameter
    ├── Unauthorized                        401
    │   ├── MissingApiKey                       missing_api_key
    │   ├── InvalidApiKey                       invalid_api_key
    │   └── UserNotFound                        user_not_found
    ├── PaymentRequired                     402 payment_required
    ├── AccountBlocked                      403 account_blocked
    ├── NotFound                            404 not_found
    │   └── UnknownPath                     404 not_found
    ├── MethodNotAllowed                    405 method_not_allowed
    ├── IdempotencyInProgress               409 idempotency_in_progress
    ├── PayloadTooLarge                     413 payload_too_large
    ├── HeadersTooLarge                     431 headers_too_large
    ├── TooManyRequests                     429
    │   ├── ConcurrencyLimitExceeded            concurrency_limit_exceeded
    │   ├── DailyLimitExceeded                  daily_limit_exceeded
    │   ├── MonthlyLimitExceeded                monthly_limit_exceeded
    │   └── UpstreamRateLimit                   upstream_rate_limit
    ├── ServerFault                         500
    │   ├── AuthError                           auth_error
    │   ├── BillingError                        billing_error
    │   └── InternalError                       internal_error
    ├── BadGateway                          502
    │   ├── UpstreamError                       upstream_error
    │   └── UpstreamConnectionError             upstream_connection_error
    ├── Unavailable                         503
    │   ├── ServiceError                        service_error
    │   ├── ServiceUnavailable                  service_unavailable
    │   └── UpstreamAuthError                   upstream_auth_error
    └── UpstreamTimeout                     504 upstream_timeout

A reader of TikTok's answers raises these too: it says what it saw, in the type, and decides no policy.
"""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try at one source, for the operator: how it ended and how long it took."""

    source: str
    code: str
    """"" when it answered, else the problem's code."""
    sign: str
    """What exactly was seen; "" when it answered."""
    seconds: float


class Problem(Exception):
    """Something went wrong."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = ""
    retry_after: int | None = None
    """Whole seconds after which a repeat makes sense; sent as `Retry-After`. None: no such header."""
    attempts: tuple[Attempt, ...] = ()
    """What was tried before this was said, in order; empty where nothing was asked."""

    def __init__(self, message: str | None = None, *, sign: str = "") -> None:
        """`message` is for the caller; `sign` is what exactly was seen, for the operator's log only."""
        self.message = message or " ".join((type(self).__doc__ or "").split())
        self.sign = sign
        super().__init__(self.message)

    def body(self) -> dict[str, str | int]:
        """The JSON object a caller gets."""
        return {"error": self.message, "code": self.code}


class BadRequest(Problem):
    """The request is not right."""

    status = 400


class MissingParameter(BadRequest):
    """Give exactly one of the parameters url and video_id."""

    code = "missing_parameter"


class InvalidParameter(BadRequest):
    """A parameter is not right."""

    code = "invalid_parameter"


class Unauthorized(Problem):
    """The API key is not right."""

    status = 401


class MissingApiKey(Unauthorized):
    """Send your API key in the header X-API-Key."""

    code = "missing_api_key"


class InvalidApiKey(Unauthorized):
    """This API key is wrong, revoked or deleted."""

    code = "invalid_api_key"


class UserNotFound(Unauthorized):
    """The account of this API key no longer exists."""

    code = "user_not_found"


class PaymentRequired(Problem):
    """The free requests of this month are used up; add a payment method to go on."""

    status = 402
    code = "payment_required"


class AccountBlocked(Problem):
    """This account is blocked until its open invoice is paid."""

    status = 403
    code = "account_blocked"


class NotFound(Problem):
    """This video does not exist, was deleted, or is private."""

    status = 404
    code = "not_found"
    is_certain: bool = False
    """TikTok gave the reason, so that nobody else needs to be asked; False where a blocked address sees the same."""


class UnknownPath(NotFound):
    """There is nothing at this path; GET /openapi.json lists what there is."""


class MethodNotAllowed(Problem):
    """This path does not take this method."""

    status = 405
    code = "method_not_allowed"


class IdempotencyInProgress(Problem):
    """A request with this Idempotency-Key is still running; repeat yours in a moment to get its answer."""

    status = 409
    code = "idempotency_in_progress"
    retry_after = 1


class PayloadTooLarge(Problem):
    """The body of the request is too large."""

    status = 413
    code = "payload_too_large"


class HeadersTooLarge(Problem):
    """The request line and headers together may have at most 64 KB."""

    status = 431
    code = "headers_too_large"


class TooManyRequests(Problem):
    """Too many requests."""

    status = 429
    retry_after = 1


class ConcurrencyLimitExceeded(TooManyRequests):
    """Too many requests of this account are in flight at this endpoint; wait for one to end."""

    code = "concurrency_limit_exceeded"

    def __init__(self, limit: int, current: int, *, message: str | None = None) -> None:
        """`limit`: how many may be in flight; `current`: how many are."""
        super().__init__(message)
        self.limit, self.current = limit, current

    def body(self) -> dict[str, str | int]:
        """The JSON object a caller gets, with the two numbers."""
        return {**super().body(), "limit": self.limit, "current": self.current}


class DailyLimitExceeded(TooManyRequests):
    """Your daily spending limit is reached; it resets at 00:00 UTC."""

    code = "daily_limit_exceeded"


class MonthlyLimitExceeded(TooManyRequests):
    """Your monthly spending limit is reached; it resets on the first of the month, 00:00 UTC."""

    code = "monthly_limit_exceeded"


class UpstreamRateLimit(TooManyRequests):
    """TikTok refuses requests from this server's address for now; try again later."""

    code = "upstream_rate_limit"
    retry_after = 30


class ServerFault(Problem):
    """The server made a mistake."""

    status = 500


class AuthError(ServerFault):
    """The API key could not be checked; nothing was charged."""

    code = "auth_error"


class BillingError(ServerFault):
    """The request could not be metered; nothing was charged."""

    code = "billing_error"


class InternalError(ServerFault):
    """The server made a mistake; nothing was charged. Give X-Request-Id when you report it."""

    code = "internal_error"


class BadGateway(Problem):
    """TikTok's answer could not be used."""

    status = 502


class UpstreamError(BadGateway):
    """TikTok's answer could not be read; it may have changed its pages."""

    code = "upstream_error"


class UpstreamConnectionError(BadGateway):
    """TikTok could not be reached from this server."""

    code = "upstream_connection_error"


class Unavailable(Problem):
    """Not available for now."""

    status = 503
    retry_after = 1


class ServiceError(Unavailable):
    """The service cannot answer for now; nothing was charged."""

    code = "service_error"


class ServiceUnavailable(Unavailable):
    """The service is starting, stopping or without its database; nothing was charged."""

    code = "service_unavailable"


class UpstreamAuthError(Unavailable):
    """TikTok asks this server for credentials that it does not have."""

    code = "upstream_auth_error"


class UpstreamTimeout(Problem):
    """TikTok did not answer in time."""

    status = 504
    code = "upstream_timeout"
