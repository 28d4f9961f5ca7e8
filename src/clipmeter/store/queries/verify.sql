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
