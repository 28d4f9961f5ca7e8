"""What requests cost, in words."""

import pytest

from clipmeter.billing.rules import Terms
from clipmeter.web.pages.prices import price_sentence, price_words
from clipmeter.web.pages.setup import Setup, span

CARDS, NONE = Setup(cards=True), Setup(cards=False, contact="ops@example.org")


FREE = "The first 50 successful requests of each month are free"


@pytest.mark.parametrize(
    ("price", "free", "setup", "words", "sentence"),
    [
        (
            6_000,
            50,
            CARDS,
            "50 free a month, then $0.006 each",
            f"{FREE}, without a card; each one after that costs $0.006.",
        ),
        (6_000, 50, NONE, "50 free a month", f"{FREE}. No cards are taken here: for more, ask ops@example.org."),
        (1_000_000, 0, CARDS, "$1.00 each", "Each successful request costs $1.00, paid by card."),
        (6_000, 0, NONE, "$0.006 each", "No cards are taken here: for an account, ask ops@example.org."),
        (0, 50, CARDS, "Free", "Successful requests are free here."),
        (0, 0, NONE, "Free", "Successful requests are free here."),
    ],
)
def test_prices(price, free, setup, words, sentence):
    """Price 0 is free; a price is told only where it can be paid, or where nothing is free."""
    terms = Terms(price_micros=price, free_requests=free, concurrency=3)
    assert price_words(terms, setup) == words
    assert price_sentence(terms, setup) == sentence


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (1, "1 second"),
        (90, "90 seconds"),
        (5_400, "90 minutes"),
        (21_600, "6 hours"),
        (86_400, "1 day"),
        (0, "0 seconds"),
    ],
)
def test_span(seconds, text):
    """A length of time is told exactly, in the largest unit that does."""
    assert span(seconds) == text
