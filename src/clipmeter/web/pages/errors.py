"""What can be wrong with a form itself. No caller of the API meets these, so they have a status and no code."""

from clipmeter.errors import BadRequest, Problem


class FormUnreadable(BadRequest):
    """This form cannot be read. Load the page again."""


class FormNotBelieved(Problem):
    """This form was sent by another site, so nothing was changed."""

    status = 403


class FormTooOld(Problem):
    """This form is from before you last logged in or out, so nothing was changed. Look at it and send it again."""

    status = 403


class SessionEnded(Problem):
    """Your session has ended. Log in again: nothing was changed yet, and what you typed is kept."""

    status = 401


class NoSuchRequest(Problem):
    """Your log has no such request. It keeps requests for some days only, and shows each a moment after its answer."""

    status = 404


class GoneFromLog(BadRequest):
    """The request at which this page began is not in the log any more. These are the newest."""
