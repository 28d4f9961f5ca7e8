"""`invoices`, `credit` and `refund`: as an operator types them, beside nothing but the database and Stripe."""

import asyncio
import csv
import io
import json
import random

import pytest

import forked
from fauxstripe.running import started
from monthend import environ, prepare


@pytest.fixture(scope="module")
def fake():
    with started() as fake:
        yield fake


@pytest.fixture(scope="module")
def books(tmp_path_factory, fake):
    """Books with a month that is over, for commands: call it with their words."""
    folder = tmp_path_factory.mktemp("invoices")
    where = str(folder / "clipmeter.db")
    month = asyncio.run(prepare(where, fake, 6, random.Random(3)))  # noqa: S311
    env = environ(where, fake, folder / "home")

    def run(*words, status=0):
        done = forked.run(["-m", "clipmeter", *words], env=env)
        assert done.returncode == status, done.stderr + done.stdout
        return done

    run.month = month
    return run


@pytest.fixture(scope="module")
def invoices(books):
    """The month's invoices after its run."""
    first = books("invoices", "run")
    assert f"{books.month}: 6 invoices written now; all: 1 carried ($0.00), 2 failed" in first.stdout
    listed = json.loads(books("invoices", "list", "--json").stdout)
    return {one["state"]: one for one in sorted(listed, key=lambda one: one["amount_cents"])}


@pytest.mark.usefixtures("invoices")
def test_run_again(books):
    """The same month again writes nothing, and says how it stands."""
    again = json.loads(books("invoices", "run", "--month", books.month, "--json").stdout)
    assert [(run["made"], run["unsent"]) for run in again] == [(0, [])]
    assert "Every month that is over has been run" in books("invoices", "run").stdout


def test_run_what_is_no_month(books):
    """A month that is none, or is not over, is refused in a sentence."""
    assert "is no month" in books("invoices", "run", "--month", "November", status=1).stderr
    assert "not over yet" in books("invoices", "run", "--month", "2999-01", status=1).stderr


def test_list_and_show(books, invoices):
    """The list has every invoice with its account; one is shown with its lines and Stripe's page."""
    listed = books("invoices", "list").stdout
    assert all(invoice["invoice_id"] in listed for invoice in invoices.values())
    paid = invoices["paid"]
    shown = books("invoices", "show", paid["invoice_id"]).stdout
    assert "tiktok/video" in shown
    assert paid["pay_url"] in shown
    as_json = json.loads(books("invoices", "show", paid["stripe_id"], "--json").stdout)
    assert sum(line["cents"] for line in as_json["lines"]) == paid["amount_cents"]
    assert "there is no invoice inv_none" in books("invoices", "show", "inv_none", status=1).stderr


@pytest.mark.usefixtures("invoices")
def test_verify(books):
    """The invoices are the ledger: exit status 0."""
    assert "clean: 6 invoices" in books("invoices", "verify").stdout
    assert json.loads(books("invoices", "verify", "--json").stdout) == []


def test_credit_and_refund_are_rows_of_the_ledger(books, invoices):
    """What is given back stands in the ledger as rows of its own, below 0, shown and exported."""
    account, paid = invoices["paid"]["account_id"], invoices["paid"]["invoice_id"]
    assert "has $2.50 of credit" in books("credit", account, "2.50", "--reason", "An apology").stdout
    assert f"$0.10 of {paid} is paid back" in books("refund", paid, "0.10", "--reason", "Was slow").stdout
    rows = json.loads(books("ledger", "show", "--account", account, "--json").stdout)
    given = [(row["kind"], row["price_micros"], row["reason"]) for row in rows if row["price_micros"] < 0]
    assert given == [("credit", -2_500_000, "An apology"), ("refund", -100_000, "Was slow")]
    assert "-$2.500000" in books("ledger", "show", "--account", account).stdout
    exported = list(csv.DictReader(io.StringIO(books("ledger", "export", "--account", account).stdout)))
    assert [row["price_micros"] for row in exported[-2:]] == ["-2500000", "-100000"]
    assert "$0.10 paid back (posted): Was slow" in books("invoices", "show", paid).stdout


def test_what_cannot_be_given(books, invoices):
    """Nothing is paid back beyond what was paid, and amounts must be amounts."""
    paid = invoices["paid"]["invoice_id"]
    assert "At most" in books("refund", paid, "900", "--reason", "All", status=1).stderr
    assert "no amount" in books("refund", paid, "some", "--reason", "All", status=1).stderr
    assert "more than $0" in books("credit", invoices["paid"]["account_id"], "0", "--reason", "x", status=1).stderr


def test_settle_retry_and_void(books, invoices):
    """What the operator bills is settled by hand; what failed stays blocked until it is paid or void."""
    books("invoices", "settle", invoices["open"]["invoice_id"])
    assert "is paid" in books("invoices", "settle", invoices["open"]["invoice_id"], status=1).stderr
    failed = invoices["failed"]
    assert "is blocked" in books("invoices", "retry", failed["account_id"], status=1).stdout
    assert "has an invoice that is not paid" in books("accounts", "unblock", failed["account_id"]).stdout
    books("invoices", "void", failed["invoice_id"])
    assert "is active" in books("invoices", "retry", failed["account_id"]).stdout
