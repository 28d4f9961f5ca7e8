"""The error tree: complete, drawn, and of the contract's codes."""

import inspect
import re

from clipmeter import errors
from clipmeter.errors import ConcurrencyLimitExceeded, NotFound, Problem

CONTRACT = {
    400: {"missing_parameter", "invalid_parameter"},
    401: {"missing_api_key", "invalid_api_key", "user_not_found"},
    402: {"payment_required"},
    403: {"account_blocked"},
    404: {"not_found"},
    405: {"method_not_allowed"},
    409: {"idempotency_in_progress"},
    413: {"payload_too_large"},
    431: {"headers_too_large"},
    429: {"concurrency_limit_exceeded", "daily_limit_exceeded", "monthly_limit_exceeded", "upstream_rate_limit"},
    500: {"auth_error", "billing_error", "internal_error"},
    502: {"upstream_error", "upstream_connection_error"},
    503: {"service_error", "service_unavailable", "upstream_auth_error"},
    504: {"upstream_timeout"},
}
KINDS = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, Problem)]


def test_codes_are_the_contracts():
    """Every code of the contract exists with its status, and no other."""
    found = {}
    for kind in KINDS:
        if kind.code:
            found.setdefault(kind.status, set()).add(kind.code)
    assert found == CONTRACT


def test_tree_is_drawn():
    """The module's docstring draws every class there is."""
    drawn = set(re.findall(r"[A-Z]\w+", errors.__doc__))
    assert {kind.__name__ for kind in KINDS} <= drawn


def test_docstring_is_the_message():
    """Without a better sentence the caller gets the class docstring, on one line."""
    assert NotFound().body() == {
        "error": "This video does not exist, was deleted, or is private.",
        "code": "not_found",
    }


def test_concurrency_tells_its_numbers():
    """concurrency_limit_exceeded adds the integers limit and current."""
    assert ConcurrencyLimitExceeded(3, 4).body() | {"error": ""} == {
        "error": "",
        "code": "concurrency_limit_exceeded",
        "limit": 3,
        "current": 4,
    }


def test_every_429_and_503_says_when_to_repeat():
    """Retry-After comes with every 429 and 503."""
    assert all(kind.retry_after for kind in KINDS if kind.code and kind.status in {429, 503})
