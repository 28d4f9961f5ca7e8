-- name: verify_rows
-- How many rows there are to look at.
SELECT COUNT(*) FROM requests

-- name: verify_free
-- More posted free requests in a month than there were.
SELECT account_id, endpoint, month, COUNT(*) FROM requests
WHERE state = 'posted' AND kind = 'free'
GROUP BY account_id, endpoint, month
HAVING COUNT(*) > MAX(free_limit)

-- name: verify_free_first
-- Posted paid requests in a month of which free ones were left.
SELECT account_id, endpoint, month, COUNT(*) FROM requests
WHERE state = 'posted' AND kind IN ('free', 'paid')
GROUP BY account_id, endpoint, month
HAVING SUM(CASE WHEN kind = 'free' THEN 1 ELSE 0 END) < MAX(CASE WHEN kind = 'paid' THEN free_limit ELSE 0 END)

-- name: verify_running
-- More requests in flight than allowed; the operator's live ones have no limit.
SELECT account_id, endpoint, kind = 'test', COUNT(*) FROM requests
WHERE state = 'reserved' AND kind <> 'own'
GROUP BY account_id, endpoint, kind = 'test'
HAVING COUNT(*) > MAX(slot_limit)

-- name: verify_overdue
-- Reservations that no sweep has ended, a while after their deadline.
SELECT account_id, request_id, deadline FROM requests
WHERE state = 'reserved' AND deadline < :now - :slack_micros

-- name: verify_sums
-- Months whose counters differ from the posted rows, in either direction.
SELECT account_id, endpoint, month FROM (
    SELECT account_id, endpoint, month, free_posted AS f, paid_posted AS p, own_posted AS o, test_posted AS t,
        charged_micros AS c
    FROM usage
    UNION ALL
    SELECT account_id, endpoint, month,
        -SUM(CASE WHEN kind = 'free' THEN 1 ELSE 0 END),
        -SUM(CASE WHEN kind = 'paid' THEN 1 ELSE 0 END),
        -SUM(CASE WHEN kind = 'own' THEN 1 ELSE 0 END),
        -SUM(CASE WHEN kind = 'test' THEN 1 ELSE 0 END),
        -SUM(price_micros)
    FROM requests
    WHERE state = 'posted'
    GROUP BY account_id, endpoint, month
) AS both_sides
GROUP BY account_id, endpoint, month
HAVING SUM(f) <> 0 OR SUM(p) <> 0 OR SUM(o) <> 0 OR SUM(t) <> 0 OR SUM(c) <> 0

-- name: verify_keys
-- Accounts with too many keys, not counting deleted ones.
SELECT account_id, COUNT(*) FROM api_keys
WHERE status <> 'deleted'
GROUP BY account_id
HAVING COUNT(*) > :keys

-- name: verify_period
-- Rows whose day or month is not that of their admission.
SELECT account_id, request_id, day, month FROM requests
WHERE month <> substr(day, 1, 7) OR day <> utc_day(admitted_at)

-- name: verify_order
-- Rows that ended before they were admitted.
SELECT account_id, request_id, admitted_at, ended_at FROM requests
WHERE ended_at < admitted_at

-- name: verify_price
-- Rows that were not posted, have ended, and have a price all the same.
SELECT account_id, request_id, state, price_micros FROM requests
WHERE state IN ('voided', 'expired') AND price_micros <> 0

-- name: verify_spend
-- Days and keys whose charged sum differs from the posted rows, in either direction.
SELECT account_id, day, key_id, CAST(SUM(c) AS BIGINT) FROM (
    SELECT account_id, day, key_id, charged_micros AS c FROM spend
    UNION ALL
    SELECT account_id, day, key_id, -SUM(price_micros) FROM requests
    WHERE state = 'posted' AND price_micros > 0
    GROUP BY account_id, day, key_id
) AS both_sides
GROUP BY account_id, day, key_id
HAVING SUM(c) <> 0

-- name: verify_daily
-- More charged in a day than any of its charges was allowed to bring about.
SELECT account_id, day, CAST(SUM(price_micros) AS BIGINT), MAX(daily_limit) FROM requests
WHERE state = 'posted' AND price_micros > 0
GROUP BY account_id, day
HAVING COUNT(daily_limit) = COUNT(*) AND SUM(price_micros) > MAX(daily_limit)

-- name: verify_monthly
-- The same, for a month.
SELECT account_id, month, CAST(SUM(price_micros) AS BIGINT), MAX(monthly_limit) FROM requests
WHERE state = 'posted' AND price_micros > 0
GROUP BY account_id, month
HAVING COUNT(monthly_limit) = COUNT(*) AND SUM(price_micros) > MAX(monthly_limit)

-- name: verify_key_monthly
-- The same, for a month of one key.
SELECT account_id, key_id, month, CAST(SUM(price_micros) AS BIGINT), MAX(key_limit) FROM requests
WHERE state = 'posted' AND price_micros > 0
GROUP BY account_id, key_id, month
HAVING COUNT(key_limit) = COUNT(*) AND SUM(price_micros) > MAX(key_limit)

-- name: verify_reserved_daily
-- Money reserved beyond the daily limit of now.
SELECT r.account_id, r.day, CAST(SUM(r.price_micros) AS BIGINT), a.daily_limit_micros
FROM requests AS r JOIN accounts AS a ON a.account_id = r.account_id
WHERE r.state = 'reserved' AND r.price_micros > 0 AND a.daily_limit_micros IS NOT NULL
GROUP BY r.account_id, r.day, a.daily_limit_micros
HAVING SUM(r.price_micros) + (
    SELECT COALESCE(SUM(s.charged_micros), 0) FROM spend AS s WHERE s.account_id = r.account_id AND s.day = r.day
) > a.daily_limit_micros

-- name: verify_reserved_monthly
-- Money reserved beyond the monthly limit of now.
SELECT r.account_id, r.month, CAST(SUM(r.price_micros) AS BIGINT), a.monthly_limit_micros
FROM requests AS r JOIN accounts AS a ON a.account_id = r.account_id
WHERE r.state = 'reserved' AND r.price_micros > 0 AND a.monthly_limit_micros IS NOT NULL
GROUP BY r.account_id, r.month, a.monthly_limit_micros
HAVING SUM(r.price_micros) + (
    SELECT COALESCE(SUM(s.charged_micros), 0) FROM spend AS s
    WHERE s.account_id = r.account_id AND s.day >= r.month || '-01' AND s.day <= r.month || '-31'
) > a.monthly_limit_micros

-- name: verify_reserved_key
-- Money reserved beyond the monthly cap of a key.
SELECT r.account_id, r.key_id, r.month, CAST(SUM(r.price_micros) AS BIGINT), k.monthly_limit_micros
FROM requests AS r JOIN api_keys AS k ON k.account_id = r.account_id AND k.key_id = r.key_id
WHERE r.state = 'reserved' AND r.price_micros > 0 AND k.monthly_limit_micros IS NOT NULL
GROUP BY r.account_id, r.key_id, r.month, k.monthly_limit_micros
HAVING SUM(r.price_micros) + (
    SELECT COALESCE(SUM(s.charged_micros), 0) FROM spend AS s
    WHERE s.account_id = r.account_id AND s.key_id = r.key_id
        AND s.day >= r.month || '-01' AND s.day <= r.month || '-31'
) > k.monthly_limit_micros

-- name: verify_replays
-- Stored answers whose request is not posted.
SELECT p.account_id, p.scope, p.request_id, r.state
FROM replays AS p LEFT JOIN requests AS r ON r.account_id = p.account_id AND r.request_id = p.request_id
WHERE p.body IS NOT NULL AND COALESCE(r.state, '') <> 'posted'

-- name: verify_lines
-- More on the lines of invoices than the ledger has, by endpoint and month, in money or in requests.
SELECT l.account_id, l.endpoint, l.month, CAST(SUM(l.charged_micros) AS BIGINT)
FROM invoice_lines AS l
GROUP BY l.account_id, l.endpoint, l.month
HAVING SUM(l.charged_micros) > COALESCE((
        SELECT SUM(u.charged_micros) FROM usage AS u
        WHERE u.account_id = l.account_id AND u.endpoint = l.endpoint AND u.month = l.month
    ), 0)
    OR SUM(l.requests) > COALESCE((
        SELECT SUM(u.paid_posted) FROM usage AS u
        WHERE u.account_id = l.account_id AND u.endpoint = l.endpoint AND u.month = l.month
    ), 0)

-- name: verify_unbilled
-- Charges that had ended a while before the last run of their month, or before the account's last invoice of that month
-- or a later one, and are on no line all the same.
SELECT r.account_id, r.endpoint, r.month, CAST(SUM(r.price_micros) - MAX(b.lined) AS BIGINT)
FROM requests AS r JOIN (
    SELECT u.account_id, u.endpoint, u.month,
        COALESCE((
            SELECT SUM(l.charged_micros) FROM invoice_lines AS l
            WHERE l.account_id = u.account_id AND l.endpoint = u.endpoint AND l.month = u.month
        ), 0) AS lined,
        COALESCE((
            SELECT MAX(i.created_at) FROM invoices AS i
            WHERE i.account_id = u.account_id AND (i.month > u.month OR (i.month = u.month AND i.number = 0))
        ), (
            SELECT MAX(CAST(m.value AS BIGINT)) FROM marks AS m WHERE m.name = 'invoiced ' || u.month
        ), 0) AS at
    FROM usage AS u
    WHERE u.charged_micros > 0
) AS b ON b.account_id = r.account_id AND b.endpoint = r.endpoint AND b.month = r.month
WHERE r.state = 'posted' AND r.price_micros > 0 AND r.ended_at < b.at - :slack_micros
GROUP BY r.account_id, r.endpoint, r.month
HAVING SUM(r.price_micros) > MAX(b.lined)

-- name: verify_line_sums
-- Lines of which something is lost or below 0, or that carry a cent though their invoice asks for money.
SELECT l.account_id, l.invoice_id, l.endpoint, l.month
FROM invoice_lines AS l LEFT JOIN invoices AS i ON i.account_id = l.account_id AND i.invoice_id = l.invoice_id
WHERE l.charged_micros + l.carried_in_micros <> l.credit_micros + l.cents * 10000 + l.carried_out_micros
    OR l.charged_micros < 0 OR l.carried_in_micros < 0 OR l.credit_micros < 0 OR l.cents < 0
    OR l.carried_out_micros < 0 OR (l.carried_out_micros >= 10000 AND COALESCE(i.amount_cents, 1) > 0)

-- name: verify_carried
-- Endpoints of which more was carried in than out.
SELECT account_id, endpoint, CAST(SUM(carried_out_micros - carried_in_micros) AS BIGINT) FROM invoice_lines
GROUP BY account_id, endpoint
HAVING SUM(carried_out_micros - carried_in_micros) < 0

-- name: verify_invoice_sums
-- Invoices that differ from their lines.
SELECT i.account_id, i.invoice_id, i.amount_cents, i.credit_micros
FROM invoices AS i LEFT JOIN invoice_lines AS l ON l.account_id = i.account_id AND l.invoice_id = i.invoice_id
GROUP BY i.account_id, i.invoice_id, i.amount_cents, i.credit_micros
HAVING COALESCE(SUM(l.cents), 0) <> i.amount_cents OR COALESCE(SUM(l.credit_micros), 0) <> i.credit_micros

-- name: verify_least
-- Invoices at Stripe, or on their way, that ask for less than it takes from a card.
SELECT account_id, invoice_id, state, amount_cents FROM invoices
WHERE (stripe_id <> '' OR state IN ('draft', 'sending')) AND amount_cents < :cents

-- name: verify_credit
-- Accounts whose invoices used more credit than there was.
SELECT i.account_id, CAST(SUM(i.credit_micros) AS BIGINT) FROM invoices AS i
GROUP BY i.account_id
HAVING SUM(i.credit_micros) > COALESCE((
    SELECT SUM(g.micros) FROM credits AS g WHERE g.account_id = i.account_id AND g.kind = 'credit'
), 0)

-- name: verify_refunds
-- Invoices of which more was paid back than they asked for, or of which some was though they are not paid.
SELECT g.account_id, g.invoice_id, CAST(SUM(g.micros) AS BIGINT)
FROM credits AS g LEFT JOIN invoices AS i ON i.account_id = g.account_id AND i.invoice_id = g.invoice_id
WHERE g.kind = 'refund' AND g.state <> 'voided'
GROUP BY g.account_id, g.invoice_id, i.amount_cents, i.state
HAVING SUM(g.micros) > COALESCE(i.amount_cents, 0) * 10000 OR COALESCE(i.state, '') <> 'paid'

-- name: verify_status
-- Accounts that are not blocked exactly when the operator has blocked them or an invoice has failed.
SELECT a.account_id, a.status, a.operator_block FROM accounts AS a
WHERE (a.status = 'blocked') <> (
    a.operator_block = 1
    OR EXISTS (SELECT 1 FROM invoices AS i WHERE i.account_id = a.account_id AND i.state = 'failed')
)
