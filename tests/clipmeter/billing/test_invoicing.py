"""The arithmetic of invoices, for any amounts."""

from hypothesis import given
from hypothesis import strategies as st

from clipmeter.billing.invoicing import CENT, LEAST_CENTS, Charged, draft, first_state, last_of

ENDPOINTS = ("tiktok/user", "tiktok/video", "tiktok/videos")
MONTHS = ("2026-08", "2026-09", "2026-10")
MICROS = st.one_of(st.integers(0, 3 * CENT), st.integers(0, 2_000_000), st.integers(0, 10**12))
CHARGED = st.dictionaries(st.tuples(st.sampled_from(ENDPOINTS), st.sampled_from(MONTHS)), MICROS).map(
    lambda found: [Charged(endpoint, month, 1, micros) for (endpoint, month), micros in found.items()]
)
CARRIED = st.dictionaries(st.sampled_from(ENDPOINTS), MICROS)
LEAST = st.sampled_from([1, LEAST_CENTS])


def drafted(charged, carried, credit, least=LEAST_CENTS):
    return draft(charged, carried, credit, "2026-10", least)


@given(CHARGED, CARRIED, MICROS, LEAST)
def test_nothing_is_lost(charged, carried, credit, least):
    """I8: on every line and in the whole, what was charged is asked for, credited or carried, to the micro-dollar."""
    made = drafted(charged, carried, credit, least)
    for line in made.lines:
        owed = line.charged_micros + line.carried_in_micros
        assert owed == line.credit_micros + line.cents * CENT + line.carried_out_micros
        assert min(line.credit_micros, line.cents, line.carried_out_micros, line.carried_in_micros) >= 0
    taken = {line.endpoint for line in made.lines}
    owed = sum(one.micros for one in charged) + sum(rest for endpoint, rest in carried.items() if endpoint in taken)
    assert owed == made.credit_micros + made.amount_cents * CENT + made.rest_micros
    assert made.amount_cents == sum(line.cents for line in made.lines)


@given(CHARGED, CARRIED, MICROS, LEAST)
def test_rounded_once(charged, carried, credit, least):
    """An endpoint is short of its exact amount by less than a cent, or nothing at all is asked for."""
    made = drafted(charged, carried, credit, least)
    assert made.amount_cents == 0 or made.amount_cents >= least
    assert made.amount_cents == 0 or all(line.carried_out_micros < CENT for line in made.lines)


@given(CHARGED, CARRIED, MICROS, LEAST)
def test_credit_goes_first(charged, carried, credit, least):
    """All of the credit is used, or nothing is left to pay."""
    made = drafted(charged, carried, credit, least)
    assert made.credit_micros == credit or (made.amount_cents == 0 and made.rest_micros == 0)


@given(CHARGED, CARRIED, MICROS)
def test_every_charge_has_one_line(charged, carried, credit):
    """Each endpoint and month that was charged has exactly one line; a carried cent is not forgotten."""
    made = drafted(charged, carried, credit)
    names = [(line.endpoint, line.month) for line in made.lines]
    assert len(names) == len(set(names))
    assert {(one.endpoint, one.month) for one in charged} <= set(names)
    assert {endpoint for endpoint, rest in carried.items() if rest >= CENT} <= {endpoint for endpoint, _ in names}


@given(st.lists(st.tuples(CHARGED, MICROS), max_size=12))
def test_a_year_of_invoices(months):
    """I8: over any number of invoices, what was charged = what was asked for + what was credited + the last rest."""
    carried, credit, asked, credited = {}, 0, 0, 0
    for charged, given_now in months:
        credit += given_now
        made = drafted(charged, carried, credit)
        carried = {**carried, **last_of(made.lines)}
        credit -= made.credit_micros
        asked += made.amount_cents * CENT
        credited += made.credit_micros
    assert sum(one.micros for charged, _ in months for one in charged) == asked + credited + sum(carried.values())
    assert sum(given_now for _, given_now in months) == credited + credit


def test_an_ordinary_month():
    """83 requests at $0.006 and 7 at $0.0105: whole cents are asked for, the rest waits."""
    made = drafted(
        [Charged("tiktok/video", "2026-10", 83, 498_000), Charged("tiktok/user", "2026-10", 7, 73_500)], {}, 0
    )
    assert [(line.endpoint, line.cents, line.carried_out_micros) for line in made.lines] == [
        ("tiktok/user", 7, 3_500),
        ("tiktok/video", 49, 8_000),
    ]
    assert (made.amount_cents, first_state(made, by_hand=False), first_state(made, by_hand=True)) == (
        56,
        "draft",
        "open",
    )


def test_less_than_the_least():
    """49 cents are carried whole; with the next month's they are asked for."""
    first = drafted([Charged("tiktok/video", "2026-09", 1, 499_999)], {}, 0)
    assert (first.amount_cents, first.rest_micros, first_state(first, by_hand=False)) == (0, 499_999, "carried")
    second = drafted([Charged("tiktok/video", "2026-10", 1, 1)], last_of(first.lines), 0)
    assert (second.amount_cents, second.rest_micros) == (50, 0)
    assert drafted([Charged("tiktok/video", "2026-09", 1, 499_999)], {}, 0, least=1).amount_cents == 49


def test_late_rows_continue_the_carry():
    """A line for an earlier month comes first; what it carries goes into the next line of its endpoint."""
    made = drafted(
        [Charged("tiktok/video", "2026-10", 100, 606_000), Charged("tiktok/video", "2026-09", 1, 6_000)],
        {"tiktok/video": 5_000},
        0,
    )
    assert [(line.month, line.carried_in_micros, line.cents, line.carried_out_micros) for line in made.lines] == [
        ("2026-09", 5_000, 1, 1_000),
        ("2026-10", 1_000, 60, 7_000),
    ]


def test_credit_that_covers_everything():
    """Nothing is left to pay: paid. With forty cents left: carried."""
    month = [Charged("tiktok/video", "2026-10", 200, 1_200_000)]
    all_of_it = drafted(month, {}, 5_000_000)
    assert (all_of_it.credit_micros, all_of_it.amount_cents, first_state(all_of_it, by_hand=False)) == (
        1_200_000,
        0,
        "paid",
    )
    most_of_it = drafted(month, {}, 800_000)
    assert (most_of_it.rest_micros, first_state(most_of_it, by_hand=False)) == (400_000, "carried")
