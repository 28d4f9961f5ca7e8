"""What a person is told at a form. No caller of the API meets these, so they have a status and no code."""

from clipmeter.errors import BadRequest, Problem, TooManyRequests, Unauthorized


class LogInFailed(Unauthorized):
    """The e-mail address or the password is not right."""


class SignUpClosed(Problem):
    """This server takes new accounts by invitation only."""

    status = 403


class LinkExpired(BadRequest):
    """This link is not good any more: it was used, it is too old, or a newer one was sent. Ask for a new one."""


class TooManyAttempts(TooManyRequests):
    """There were too many attempts; wait a while."""

    def __init__(self, seconds: int) -> None:
        """`seconds` until the next attempt is heard."""
        minutes = -(-seconds // 60)
        super().__init__(f"There were too many attempts; try again in {minutes} minute{'s'[: minutes > 1]}.")
        self.retry_after = seconds


class ProviderRefused(BadRequest):
    """This log-in was not begun in this browser, or too long ago. Begin again."""


class ProviderFailed(Problem):
    """The other provider could not be asked, or its answer cannot be believed. Try again later."""

    status = 502
