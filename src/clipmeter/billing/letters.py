"""What we write to people by e-mail: plain text, few words, no pictures that tell who has looked."""

from dataclasses import dataclass

SIGNATURE = "\n\n-- \nSent by the clipmeter server at {site}. Nobody reads answers to this address.\n"


@dataclass(frozen=True, slots=True)
class Letter:
    """Subject and text."""

    subject: str
    body: str


def confirmation(site: str, path: str) -> Letter:
    """Asks for a click that shows that the address is right. `site`: where the server is; `path`: of the link."""
    return _letter(
        site,
        "Confirm your e-mail address",
        "Somebody, probably you, made an account with this e-mail address. To confirm that it is yours, open\n\n"
        f"    {site}{path}\n\n"
        "The link is good for one day. If it was not you, do nothing: the address stays unconfirmed.",
    )


def reset(site: str, path: str) -> Letter:
    """Lets a person choose a new password."""
    return _letter(
        site,
        "Choose a new password",
        "Somebody, probably you, asked for a new password for the account with this e-mail address. To choose it, "
        f"open\n\n    {site}{path}\n\n"
        "The link is good once, for one hour. If it was not you, do nothing: your password stays as it is.",
    )


def password_changed(site: str) -> Letter:
    """Says that the password is another one now."""
    return _letter(
        site,
        "Your password was changed",
        "The password of your account was changed, and every other session was logged out. If it was not you, choose "
        f"a new one now:\n\n    {site}/reset",
    )


def _letter(site: str, subject: str, text: str) -> Letter:
    return Letter(subject, text + SIGNATURE.format(site=site))
