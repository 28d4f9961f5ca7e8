"""Stripe's documented test cards: https://docs.stripe.com/testing."""

from dataclasses import dataclass


@dataclass(frozen=True)
class TestCard:
    """How a card looks and what it does."""

    __test__ = False

    number: str
    brand: str
    setup: tuple[str, str] = ("", "")
    """Error code and decline code when it is to be saved; "" when it can be."""
    charge: tuple[str, str] = ("", "")
    """The same when it is charged without its owner."""
    challenge: bool = False
    """Its owner is asked to authenticate when it is saved."""
    token: str = ""
    """The payment method that stands for it."""

    @property
    def last4(self) -> str:
        return self.number[-4:]


_DECLINED = "card_declined"
CARDS = (
    TestCard("4242424242424242", "visa", token="pm_card_visa"),
    TestCard("4000056655665556", "visa", token="pm_card_visa_debit"),
    TestCard("5555555555554444", "mastercard", token="pm_card_mastercard"),
    TestCard("378282246310005", "amex", token="pm_card_amex"),
    TestCard("6011111111111117", "discover", token="pm_card_discover"),
    TestCard("4000000000000002", "visa", setup=(_DECLINED, "generic_decline"), token="pm_card_visa_chargeDeclined"),
    TestCard(
        "4000000000009995",
        "visa",
        setup=(_DECLINED, "insufficient_funds"),
        token="pm_card_visa_chargeDeclinedInsufficientFunds",
    ),
    TestCard("4000000000009987", "visa", setup=(_DECLINED, "lost_card"), token="pm_card_visa_chargeDeclinedLostCard"),
    TestCard(
        "4000000000009979", "visa", setup=(_DECLINED, "stolen_card"), token="pm_card_visa_chargeDeclinedStolenCard"
    ),
    TestCard("4000000000000069", "visa", setup=("expired_card", ""), token="pm_card_chargeDeclinedExpiredCard"),
    TestCard("4000000000000127", "visa", setup=("incorrect_cvc", ""), token="pm_card_chargeDeclinedIncorrectCvc"),
    TestCard("4000000000000119", "visa", setup=("processing_error", ""), token="pm_card_chargeDeclinedProcessingError"),
    TestCard("4000000000000341", "visa", charge=(_DECLINED, "generic_decline"), token="pm_card_chargeCustomerFail"),
    TestCard("4000002500003155", "visa", challenge=True, token="pm_card_authenticationRequiredOnSetup"),
    TestCard(
        "4000002760003184",
        "visa",
        charge=("authentication_required", "authentication_required"),
        challenge=True,
        token="pm_card_authenticationRequired",
    ),
)
BY_NUMBER = {card.number: card for card in CARDS}
BY_TOKEN = {card.token: card for card in CARDS}
WORDS = {
    "card_declined": "Your card was declined.",
    "insufficient_funds": "Your card has insufficient funds.",
    "expired_card": "Your card has expired.",
    "incorrect_cvc": "Your card's security code is incorrect.",
    "processing_error": "An error occurred while processing your card. Try again in a little bit.",
    "authentication_required": "Your card was declined. This transaction requires authentication.",
    "incorrect_number": "Your card number is incorrect.",
}


def words(code: str, decline: str) -> str:
    """What the owner of the card is told."""
    return WORDS.get(decline) or WORDS[code]


def right_number(number: str) -> bool:
    """Luhn's check."""
    digits = [int(digit) for digit in number if digit.isdigit()]
    if len(digits) < 12 or len(digits) != len(number):
        return False
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[-2::-2]]
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0
