"""The two pages a browser sees: Checkout, and the invoice that can be paid by hand."""

from html import escape

from fauxstripe import checkout
from fauxstripe.cardbook import BY_NUMBER, right_number, words
from fauxstripe.invoicing import charge
from fauxstripe.people import new_method
from fauxstripe.world import Refused, Thing, World

_STYLE = """
body{font:16px/1.5 system-ui,sans-serif;max-width:24rem;margin:4rem auto;padding:0 1rem;color:#1a1f36}
h1{font-size:1.25rem}label{display:block;margin:.75rem 0}
input{display:block;width:100%;box-sizing:border-box;font:inherit;padding:.5rem;border:1px solid #8792a2;
border-radius:6px}
button{font:inherit;width:100%;padding:.6rem;border:0;border-radius:6px;background:#0a58ca;color:#fff;margin-top:.75rem}
.error{color:#a11;border:1px solid #a11;border-radius:6px;padding:.5rem}a{color:#0a58ca}
.note{color:#596273;font-size:.875rem}
"""
_CARD = "".join(
    f'<label>{label} <input name="{name}" autocomplete="{what}"{more}></label>'
    for label, name, what, more in (
        ("Card number", "cardNumber", "cc-number", " required"),
        ("Expiration", "cardExpiry", "cc-exp", ' placeholder="MM / YY" required'),
        ("CVC", "cardCvc", "cc-csc", " required"),
        ("Cardholder name", "billingName", "cc-name", ""),
    )
)

Page = tuple[int, str, str]
"""Status, HTML, and where to go instead, "" for nowhere."""


def _page(title: str, body: str, error: str = "", status: int = 200) -> Page:
    told = f'<p class="error" role="alert">{escape(error)}</p>' if error else ""
    html = (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style><h1>{escape(title)}</h1>{told}{body}"
        f'<p class="note">A look-alike of Stripe for tests. No real card belongs here.</p></html>'
    )
    return status, html, ""


def checkout_page(world: World, method: str, id_: str, form: dict[str, str]) -> Page:
    """Checkout in setup mode."""
    session = checkout.retrieve_session(world, {}, id_)
    if session["status"] != "open":
        return _page("This page is no longer available", "", "The session is complete or has expired.", 410)
    if method == "GET":
        return _form(session)
    if "challenge" in form:
        problem = checkout.answer_challenge(world, session, passed=form["challenge"] == "complete")
    else:
        problem = checkout.submit(world, session, form.get("cardNumber", ""), form.get("billingName", ""))
    if problem == "challenge":
        return _challenge()
    return _form(session, problem) if problem else (303, "", _back(session))


def _back(session: Thing) -> str:
    return str(session["success_url"]).replace("{CHECKOUT_SESSION_ID}", session["id"])


def _form(session: Thing, error: str = "") -> Page:
    leave = f'<p><a id="back" href="{escape(session["cancel_url"] or "#")}">Back</a></p>'
    return _page(
        "Save a card", f'<form method="post">{_CARD}<button id="submit">Save card</button></form>{leave}', error
    )


def _challenge() -> Page:
    buttons = "".join(
        f'<button name="challenge" value="{value}">{text}</button>'
        for value, text in (("complete", "Complete authentication"), ("fail", "Fail authentication"))
    )
    return _page("Your bank asks whether this is you", f'<form method="post">{buttons}</form>')


def invoice_page(world: World, method: str, id_: str, form: dict[str, str]) -> Page:
    """The hosted page of an invoice: whoever has its address may pay it with a card."""
    invoice = world.find("invoice", id_)
    title = f"Invoice {invoice['number']}"
    problem = ""
    if method == "POST" and invoice["status"] == "open":
        problem = _pay_by_hand(world, invoice, form.get("cardNumber", "").replace(" ", ""))
    rows = "".join(
        f"<tr><td>{escape(line['description'] or '')}<td>${line['amount'] / 100:.2f}"
        for line in invoice["lines"]["data"]
    )
    table = f"<table>{rows}<tr><td>Amount due<td>${invoice['amount_due'] / 100:.2f}</table>"
    if invoice["status"] != "open":
        return _page(title, f'{table}<p id="status">This invoice is {invoice["status"]}.</p>')
    form_html = f'<form method="post">{_CARD}<button id="submit">Pay</button></form>'
    return _page(title, table + form_html, problem)


def _pay_by_hand(world: World, invoice: Thing, number: str) -> str:
    card = BY_NUMBER.get(number)
    if card is None:
        return words("incorrect_number" if not right_number(number) else "card_declined", "")
    if card.setup[0]:
        return words(*card.setup)
    method = new_method(world, card)
    method |= {"_number": number, "customer": invoice["customer"]}
    try:
        charge(world, invoice, method["id"])
    except Refused as refused:
        return str(refused)
    finally:
        method |= {"_spent": True, "customer": None}  # it pays this once, and is not kept
    return ""
