"""Whose terms a page tells."""

from types import SimpleNamespace

import pytest

from clipmeter.billing.rules import Terms
from clipmeter.errors import ServiceUnavailable
from clipmeter.web.docs.terms import price_for

SET = {"tiktok_video": Terms(price_micros=6_000, free_requests=50, concurrency=3)}


class Gone:
    """The book of a database that cannot be asked."""

    defaults = SET

    async def of(self, _account_id):
        raise ServiceUnavailable


@pytest.mark.parametrize("ready", [True, False])
async def test_without_a_database(ready):
    """While the database cannot be asked a page tells the settings' terms, and that it is not sure of them."""
    site = SimpleNamespace(terms=Gone(), ready=lambda: ready)
    price = await price_for(SimpleNamespace(site=site, visitor=None))
    assert (price.terms, price.is_sure) == (SET, False)
