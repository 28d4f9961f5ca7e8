"""How the operator has set this server up, as far as its readers need to know."""

from dataclasses import dataclass

_UNITS = ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """What pages say of this server."""

    contact: str = ""
    """Whom to ask: an e-mail address or an address of the web; "" for nobody in particular."""
    cards: bool = True
    """Whether a card can be added here."""
    links: str = "relay"
    """Which media links come without a word: `relay` or `direct`."""
    link_seconds: int = 21_600
    """For which a media link of this server is good."""
    max_age: int = 60
    """Seconds for which an answer is remembered; 0: never."""
    log_days: int = 30
    """For which the request log is kept; 0: there is none."""

    @property
    def whom(self) -> str:
        """Whom to ask, within a sentence of plain text."""
        return self.contact or "whoever runs this server"

    @property
    def contact_href(self) -> str:
        """The contact as the target of a link; "" for none."""
        is_mail = self.contact and "://" not in self.contact
        return f"mailto:{self.contact}" if is_mail else self.contact

    @property
    def link_life(self) -> str:
        """How long a media link is good: `6 hours`."""
        return span(self.link_seconds)


def span(seconds: int) -> str:
    """A length of time in the largest unit that says it exactly: `6 hours`, `90 minutes`, `1 day`."""
    size, unit = next(((size, unit) for size, unit in _UNITS if seconds and seconds % size == 0), (1, "second"))
    return f"{seconds // size:,} {unit}{'' if seconds == size else 's'}"
