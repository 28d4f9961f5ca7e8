"""What requests cost here, in words: the terms in force, and nothing that cannot be had."""

from clipmeter.billing.money import short_dollars
from clipmeter.billing.rules import Terms
from clipmeter.web.pages.setup import Setup


def price_words(terms: Terms, setup: Setup) -> str:
    """The price in a few words: `50 free a month, then $0.006 each`."""
    if not terms.price_micros:
        return "Free"
    free = f"{terms.free_requests:,} free a month" if terms.free_requests else ""
    price = f"{short_dollars(terms.price_micros)} each" if setup.cards or not free else ""
    return ", then ".join(filter(None, (free, price)))


def price_sentence(terms: Terms, setup: Setup) -> str:
    """The price, and what it takes to go on past the free requests."""
    if not terms.price_micros:
        return "Successful requests are free here."
    free, price = _first(terms), short_dollars(terms.price_micros)
    if not setup.cards:
        begin, what = (f"{free}. ", "more") if free else ("", "an account")
        return f"{begin}No cards are taken here: for {what}, ask {setup.whom}."
    if not free:
        return f"Each successful request costs {price}, paid by card."
    return f"{free}, without a card; each one after that costs {price}."


def _first(terms: Terms) -> str:
    return (
        f"The first {terms.free_requests:,} successful requests of each month are free" if terms.free_requests else ""
    )
