-- name: invoice_clock
-- The time and the month it is, and how many requests of earlier months are still in flight.
SELECT CAST(:now AS BIGINT), CAST(:month AS TEXT),
    (SELECT COUNT(*) FROM requests AS r WHERE r.state = 'reserved' AND r.month < :month)

-- name: invoice_months_due
-- Months that are over, have charges, and were not invoiced yet, oldest first.
SELECT DISTINCT u.month FROM usage AS u
WHERE u.month < :month AND u.charged_micros > 0
    AND NOT EXISTS (SELECT 1 FROM marks AS m WHERE m.name = 'invoiced ' || u.month)
ORDER BY u.month

-- name: invoice_accounts
-- A page of the accounts that have charges up to a month that are on no line yet.
SELECT u.account_id FROM usage AS u
WHERE u.account_id > :after AND u.month <= :which_month AND u.charged_micros > (
    SELECT COALESCE(SUM(l.charged_micros), 0) FROM invoice_lines AS l
    WHERE l.account_id = u.account_id AND l.endpoint = u.endpoint AND l.month = u.month
)
GROUP BY u.account_id
ORDER BY u.account_id
LIMIT :size

-- name: invoice_charged
-- What an account was charged up to a month and has on no line yet, by endpoint and month.
SELECT u.endpoint, u.month,
    CAST(u.paid_posted - COALESCE((
        SELECT SUM(l.requests) FROM invoice_lines AS l
        WHERE l.account_id = u.account_id AND l.endpoint = u.endpoint AND l.month = u.month
    ), 0) AS BIGINT),
    CAST(u.charged_micros - COALESCE((
        SELECT SUM(l.charged_micros) FROM invoice_lines AS l
        WHERE l.account_id = u.account_id AND l.endpoint = u.endpoint AND l.month = u.month
    ), 0) AS BIGINT)
FROM usage AS u
WHERE u.account_id = :account_id AND u.month <= :which_month AND u.charged_micros > COALESCE((
    SELECT SUM(l.charged_micros) FROM invoice_lines AS l
    WHERE l.account_id = u.account_id AND l.endpoint = u.endpoint AND l.month = u.month
), 0)

-- name: invoice_carried
-- What the lines of an account carry to its next invoice, by endpoint.
SELECT endpoint, CAST(SUM(carried_out_micros - carried_in_micros) AS BIGINT) FROM invoice_lines
WHERE account_id = :account_id
GROUP BY endpoint
HAVING SUM(carried_out_micros - carried_in_micros) <> 0

-- name: invoice_payer
-- What an invoice must know of its account: how it pays, the customer at Stripe ("" for none), the credit that is left,
-- the next number within a month, and how many invoices are on their way to Stripe.
SELECT a.payment, COALESCE(c.customer_id, ''),
    CAST(COALESCE((
        SELECT SUM(g.micros) FROM credits AS g WHERE g.account_id = a.account_id AND g.kind = 'credit'
    ), 0) - COALESCE((
        SELECT SUM(i.credit_micros) FROM invoices AS i WHERE i.account_id = a.account_id
    ), 0) AS BIGINT),
    CAST(COALESCE((
        SELECT MAX(i.number) FROM invoices AS i WHERE i.account_id = a.account_id AND i.month = :which_month
    ), 0) + 1 AS BIGINT),
    (
        SELECT COUNT(*) FROM invoices AS i
        WHERE i.account_id = a.account_id AND i.state IN ('draft', 'sending', 'failed')
    )
FROM accounts AS a LEFT JOIN cards AS c ON c.account_id = a.account_id
WHERE a.account_id = :account_id

-- name: invoice_of_month
-- One invoice by its month and number.
SELECT account_id, invoice_id, month, number, state, amount_cents, credit_micros, stripe_id, stripe_number, pay_url,
    problem, tries, created_at, changed_at
FROM invoices
WHERE account_id = :account_id AND month = :which_month AND number = :number

-- name: invoice_find
-- One invoice by its id, or by the one it has at Stripe.
SELECT account_id, invoice_id, month, number, state, amount_cents, credit_micros, stripe_id, stripe_number, pay_url,
    problem, tries, created_at, changed_at
FROM invoices
WHERE invoice_id = :id OR (stripe_id = :id AND stripe_id <> '')

-- name: invoice_list
-- All invoices, oldest first.
SELECT account_id, invoice_id, month, number, state, amount_cents, credit_micros, stripe_id, stripe_number, pay_url,
    problem, tries, created_at, changed_at
FROM invoices
ORDER BY created_at, account_id, invoice_id

-- name: invoice_list_of
-- The invoices of an account, oldest first.
SELECT account_id, invoice_id, month, number, state, amount_cents, credit_micros, stripe_id, stripe_number, pay_url,
    problem, tries, created_at, changed_at
FROM invoices
WHERE account_id = :account_id
ORDER BY created_at, invoice_id

-- name: invoice_unfinished
-- Invoices that Stripe has not been asked to collect yet, or has not said the end of.
SELECT account_id, invoice_id, month, number, state, amount_cents, credit_micros, stripe_id, stripe_number, pay_url,
    problem, tries, created_at, changed_at
FROM invoices
WHERE state IN ('draft', 'sending') OR (state = 'open' AND stripe_id <> '')
ORDER BY created_at, account_id, invoice_id

-- name: invoice_lines_of
-- The lines of an invoice.
SELECT endpoint, month, requests, charged_micros, carried_in_micros, credit_micros, carried_out_micros, cents
FROM invoice_lines
WHERE account_id = :account_id AND invoice_id = :invoice_id
ORDER BY endpoint, month

-- name: invoice_add
-- A new invoice; no row when there is one of this month and number.
INSERT INTO invoices (
    account_id, invoice_id, month, number, state, amount_cents, credit_micros, stripe_id, stripe_number, pay_url,
    problem, tries, ticket, applied, created_at, changed_at
)
VALUES (
    :account_id, :invoice_id, :which_month, :number, :state, :amount_cents, :credit_micros, '', '', '',
    '', 0, 0, 0, :now, :now
)
ON CONFLICT DO NOTHING
RETURNING invoice_id

-- name: invoice_line_add
-- A line of a new invoice.
INSERT INTO invoice_lines (
    account_id, invoice_id, endpoint, month, requests, charged_micros, carried_in_micros, credit_micros,
    carried_out_micros, cents
)
VALUES (
    :account_id, :invoice_id, :endpoint, :line_month, :requests, :charged_micros, :carried_in_micros, :credit_micros,
    :carried_out_micros, :cents
)

-- name: invoice_sending
-- From now on Stripe may have it; no row unless it was a draft.
UPDATE invoices SET state = 'sending', changed_at = :now
WHERE account_id = :account_id AND invoice_id = :invoice_id AND state = 'draft'
RETURNING invoice_id

-- name: invoice_at_stripe
-- Which invoice of Stripe's it is, said once.
UPDATE invoices SET stripe_id = :stripe_id, changed_at = :now
WHERE account_id = :account_id AND invoice_id = :invoice_id AND stripe_id = '' AND state = 'sending'

-- name: invoice_gone
-- Its draft was deleted at Stripe: it can be made again, under other keys.
UPDATE invoices SET stripe_id = '', tries = tries + 1, changed_at = :now
WHERE account_id = :account_id AND invoice_id = :invoice_id AND stripe_id = :stripe_id AND state = 'sending'

-- name: invoice_trouble
-- Why an invoice could not be sent; `faults` counts Stripe's own.
UPDATE invoices SET problem = :problem, tries = tries + :faults, changed_at = :now
WHERE account_id = :account_id AND invoice_id = :invoice_id

-- name: invoice_state
-- How an invoice stands, and why it was not paid.
SELECT state, problem FROM invoices WHERE account_id = :account_id AND invoice_id = :invoice_id

-- name: invoice_ticket
-- A ticket for what Stripe is about to be asked.
UPDATE invoices SET ticket = ticket + 1
WHERE account_id = :account_id AND invoice_id = :invoice_id
RETURNING ticket

-- name: invoice_apply
-- What Stripe said under a ticket; no row when it was said under a later one before.
UPDATE invoices SET state = :state, stripe_number = :stripe_number, pay_url = :pay_url, problem = :problem,
    applied = :ticket, changed_at = CASE WHEN state = :state THEN changed_at ELSE :now END
WHERE account_id = :account_id AND invoice_id = :invoice_id AND applied < :ticket
RETURNING state

-- name: invoice_settle
-- The operator has the money of an invoice that is not Stripe's; no row unless it was open.
UPDATE invoices SET state = 'paid', changed_at = :now
WHERE account_id = :account_id AND invoice_id = :invoice_id AND state = 'open' AND stripe_id = ''
RETURNING invoice_id

-- name: invoice_forgive
-- Nobody has to pay an invoice that is not Stripe's, or not yet; no row when it is.
UPDATE invoices SET state = 'void', changed_at = :now
WHERE account_id = :account_id AND invoice_id = :invoice_id AND state IN ('open', 'draft', 'sending')
    AND stripe_id = ''
RETURNING invoice_id

-- name: invoice_counts
-- The invoices of a month, counted by state, with what they ask for.
SELECT state, COUNT(*), CAST(SUM(amount_cents) AS BIGINT) FROM invoices
WHERE month = :which_month
GROUP BY state

-- name: invoice_over
-- Accounts that owe a threshold or more this month, carried rests and credits aside.
SELECT u.account_id FROM usage AS u
WHERE u.month = :month
GROUP BY u.account_id
HAVING SUM(u.charged_micros) - COALESCE((
    SELECT SUM(l.charged_micros) FROM invoice_lines AS l WHERE l.account_id = u.account_id AND l.month = :month
), 0) >= :threshold_micros

-- name: credit_add
-- What the operator gives; a refund is only begun.
INSERT INTO credits (
    account_id, credit_id, kind, micros, reason, state, invoice_id, stripe_id, problem, tries, created_at
)
VALUES (:account_id, :credit_id, :kind, :micros, :reason, :state, :invoice_id, '', '', 0, :now)

-- name: credit_refunded
-- What was paid back of an invoice, or is about to be.
SELECT CAST(COALESCE(SUM(micros), 0) AS BIGINT) FROM credits
WHERE account_id = :account_id AND kind = 'refund' AND invoice_id = :invoice_id AND state <> 'voided'

-- name: credit_list
-- What an account was given, oldest first.
SELECT account_id, credit_id, kind, micros, reason, state, invoice_id, stripe_id, problem, tries, created_at
FROM credits
WHERE account_id = :account_id
ORDER BY created_at, credit_id

-- name: credit_reserved
-- Refunds that Stripe does not have yet.
SELECT account_id, credit_id, kind, micros, reason, state, invoice_id, stripe_id, problem, tries, created_at
FROM credits
WHERE state = 'reserved'
ORDER BY created_at, account_id, credit_id

-- name: credit_end
-- How a refund ended; no row when it had ended before.
UPDATE credits SET state = :state, stripe_id = :stripe_id, problem = :problem
WHERE account_id = :account_id AND credit_id = :credit_id AND state = 'reserved'
RETURNING credit_id

-- name: credit_trouble
-- Why a refund is not with Stripe yet; `faults` counts Stripe's own.
UPDATE credits SET problem = :problem, tries = tries + :faults
WHERE account_id = :account_id AND credit_id = :credit_id AND state = 'reserved'
