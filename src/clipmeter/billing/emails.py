"""E-mail addresses that people type: which may be an account's, and which one is meant."""

import unicodedata

from clipmeter.billing.accounts import tidy_email
from clipmeter.errors import InvalidParameter


def new_address(text: str) -> str:
    """The address of a new account, or one that a provider vouches for, as we write it. Raises InvalidParameter."""
    tidy = tidy_email(text)
    if tidy.endswith("@localhost"):
        raise InvalidParameter("Addresses of localhost are the operator's own.")
    # Like ß, which folds to ss: another mailbox, not theirs. Or a wide dot in a domain, which is looked up as a dot.
    if tidy != text.strip().encode().lower().decode() or tidy != unicodedata.normalize("NFKC", tidy):
        raise InvalidParameter("An e-mail address with these letters cannot be used here.")
    return tidy


def address_meant(text: str) -> str:
    """An address to look for. What can be no address is one that nobody has."""
    try:
        return tidy_email(text)
    except InvalidParameter:
        return "nobody"
