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
