-- name: admit_facts
-- What the decision about one request needs to know; no row when there is no such account. (`account_id || ''`, here and
-- below: see 0010_in_flight.sql.)
SELECT
    a.kind,
    a.status,
    a.payment,
    COALESCE(k.status, 'deleted'),
    COALESCE(u.free_posted, 0),
    (
        SELECT COUNT(*) FROM requests AS r
        WHERE r.state = 'reserved' AND r.account_id || '' = :account_id AND r.endpoint = :endpoint AND r.month = :month
            AND r.kind IN ('free', 'paid')
    ),
    (
        SELECT COUNT(*) FROM requests AS r
        WHERE r.state = 'reserved' AND r.account_id || '' = :account_id AND r.endpoint = :endpoint
            AND (r.kind = 'test') = (:mode = 'test')
    ),
    :day,
    COALESCE(t.price_micros, e.price_micros),
    COALESCE(t.free_requests, e.free_requests),
    COALESCE(t.concurrency, e.concurrency),
    a.daily_limit_micros,
    a.monthly_limit_micros,
    k.monthly_limit_micros,
    :now
FROM accounts AS a
LEFT JOIN api_keys AS k ON k.account_id = a.account_id AND k.key_id = :key_id
LEFT JOIN usage AS u ON u.account_id = a.account_id AND u.endpoint = :endpoint AND u.month = :month
LEFT JOIN terms AS t ON t.account_id = a.account_id AND t.endpoint = :endpoint
LEFT JOIN terms AS e ON e.account_id = '' AND e.endpoint = :endpoint
WHERE a.account_id = :account_id

-- name: spent
-- What an account has spent in a day, in a month, and in a month with one key: what is reserved counts too.
SELECT
    CAST((
        SELECT COALESCE(SUM(s.charged_micros), 0) FROM spend AS s WHERE s.account_id = :account_id AND s.day = :row_day
    ) + (
        SELECT COALESCE(SUM(r.price_micros), 0) FROM requests AS r
        WHERE r.state = 'reserved' AND r.account_id || '' = :account_id AND r.day = :row_day
    ) AS BIGINT),
    CAST((
        SELECT COALESCE(SUM(s.charged_micros), 0) FROM spend AS s
        WHERE s.account_id = :account_id AND s.day >= :row_month || '-01' AND s.day <= :row_month || '-31'
    ) + (
        SELECT COALESCE(SUM(r.price_micros), 0) FROM requests AS r
        WHERE r.state = 'reserved' AND r.account_id || '' = :account_id AND r.month = :row_month
    ) AS BIGINT),
    CAST((
        SELECT COALESCE(SUM(s.charged_micros), 0) FROM spend AS s
        WHERE s.account_id = :account_id AND s.day >= :row_month || '-01' AND s.day <= :row_month || '-31'
            AND s.key_id = :key_id
    ) + (
        SELECT COALESCE(SUM(r.price_micros), 0) FROM requests AS r
        WHERE r.state = 'reserved' AND r.account_id || '' = :account_id AND r.month = :row_month AND r.key_id = :key_id
    ) AS BIGINT)

-- name: admit_row
-- Reserve: day and month are those of now and never change; no row when the request id is taken.
INSERT INTO requests (
    account_id, request_id, endpoint, key_id, video_id, kind, price_micros, free_limit, slot_limit,
    month, day, state, reason, node_id, deadline, admitted_at
)
VALUES (
    :account_id, :request_id, :endpoint, :key_id, :video_id, :kind, :price_micros, :free_limit, :slot_limit,
    :month, :day, 'reserved', '', :node_id, :now + :hold_micros, :now
)
ON CONFLICT DO NOTHING
RETURNING month, day, deadline

-- name: charge_row
-- Reserve and post in one step. Request ids are drawn by chance: one that is taken is an error. (To look for it before, or
-- to return what was written, takes a fifth of the time.)
INSERT INTO requests (
    account_id, request_id, endpoint, key_id, video_id, kind, price_micros, free_limit, slot_limit,
    month, day, state, reason, node_id, deadline, admitted_at, ended_at, daily_limit, monthly_limit, key_limit
)
VALUES (
    :account_id, :request_id, :endpoint, :key_id, :video_id, :kind, :price_micros, :free_limit, :slot_limit,
    :month, :day, 'posted', '', :node_id, :now, :now, :now, :daily_limit, :monthly_limit, :key_limit
)

-- name: decline_row
-- End what was never reserved, so that its request id is taken.
INSERT INTO requests (
    account_id, request_id, endpoint, key_id, video_id, kind, price_micros, free_limit, slot_limit,
    month, day, state, reason, node_id, deadline, admitted_at, ended_at, daily_limit, monthly_limit, key_limit
)
VALUES (
    :account_id, :request_id, :endpoint, :key_id, :video_id, :kind, :price_micros, :free_limit, :slot_limit,
    :month, :day, 'voided', :reason, :node_id, :now, :now, :now, :daily_limit, :monthly_limit, :key_limit
)

-- name: settle_facts
-- What posting or voiding one request needs to know.
SELECT
    r.state,
    r.kind,
    r.price_micros,
    a.payment,
    COALESCE(u.free_posted, 0),
    (
        SELECT COUNT(*) FROM requests AS o
        WHERE o.state = 'reserved' AND o.account_id || '' = :account_id AND o.endpoint = r.endpoint
            AND o.request_id <> r.request_id AND (o.kind = 'test') = (r.kind = 'test')
    ),
    COALESCE(t.price_micros, e.price_micros),
    COALESCE(t.free_requests, e.free_requests),
    COALESCE(t.concurrency, e.concurrency),
    a.daily_limit_micros,
    a.monthly_limit_micros,
    k.monthly_limit_micros,
    :now
FROM requests AS r
JOIN accounts AS a ON a.account_id = r.account_id
LEFT JOIN api_keys AS k ON k.account_id = r.account_id AND k.key_id = r.key_id
LEFT JOIN usage AS u ON u.account_id = r.account_id AND u.endpoint = r.endpoint AND u.month = r.month
LEFT JOIN terms AS t ON t.account_id = r.account_id AND t.endpoint = r.endpoint
LEFT JOIN terms AS e ON e.account_id = '' AND e.endpoint = r.endpoint
WHERE r.account_id = :account_id AND r.request_id = :request_id

-- name: settle_row
-- End a reservation; no row when something else ended it first.
UPDATE requests
SET state = :state, reason = :reason, kind = :kind, price_micros = :price_micros,
    free_limit = :free_limit, daily_limit = :daily_limit, monthly_limit = :monthly_limit, key_limit = :key_limit,
    ended_at = CASE WHEN :now > admitted_at THEN :now ELSE admitted_at END, video_id = COALESCE(:video_id, video_id)
WHERE account_id = :account_id AND request_id = :request_id AND state = 'reserved'
RETURNING state

-- name: cancel_row
-- End a reservation that nobody has got; no row when there is none.
UPDATE requests
SET state = 'voided', reason = 'cancelled', price_micros = 0,
    ended_at = CASE WHEN :now > admitted_at THEN :now ELSE admitted_at END
WHERE account_id = :account_id AND request_id = :request_id AND state = 'reserved'
RETURNING state

-- name: settle_usage
-- Add one posted row to the sums of its month.
INSERT INTO usage (account_id, endpoint, month, free_posted, paid_posted, own_posted, test_posted, charged_micros)
VALUES (:account_id, :endpoint, :row_month, :free, :paid, :own, :test, :price_micros)
ON CONFLICT (account_id, endpoint, month) DO UPDATE SET
    free_posted = usage.free_posted + excluded.free_posted,
    paid_posted = usage.paid_posted + excluded.paid_posted,
    own_posted = usage.own_posted + excluded.own_posted,
    test_posted = usage.test_posted + excluded.test_posted,
    charged_micros = usage.charged_micros + excluded.charged_micros

-- name: settle_spend
-- Add one charge to the sums of its day and key.
INSERT INTO spend (account_id, day, key_id, charged_micros)
VALUES (:account_id, :row_day, :key_id, :price_micros)
ON CONFLICT (account_id, day, key_id) DO UPDATE SET charged_micros = spend.charged_micros + excluded.charged_micros

-- name: pass_on
-- The money that a request had reserved and does not need: for the free request in flight that will be charged instead.
UPDATE requests SET kind = 'paid', price_micros = :price_micros
WHERE (account_id, request_id) = (
    SELECT r.account_id, r.request_id FROM requests AS r
    WHERE r.state = 'reserved' AND r.account_id || '' = :account_id AND r.endpoint = :endpoint AND r.month = :row_month
        AND r.kind = 'free' AND r.day = :row_day AND r.key_id = :key_id
    ORDER BY r.admitted_at, r.request_id
    LIMIT 1
)

-- name: show_accounts
-- The accounts that have rows, one after another.
SELECT account_id FROM accounts WHERE account_id > :after ORDER BY account_id LIMIT 1

-- name: show_rows
-- A page of an account's rows in the order of their ids, which begin with the time: oldest first.
SELECT
    request_id, account_id, endpoint, video_id, state, kind, price_micros, month, day, reason, key_id,
    admitted_at, ended_at
FROM requests
WHERE account_id = :account_id AND request_id > :after_id
ORDER BY request_id
LIMIT :size

-- name: show_row
-- One of an account's rows; no row when it is not there.
SELECT
    request_id, account_id, endpoint, video_id, state, kind, price_micros, month, day, reason, key_id,
    admitted_at, ended_at
FROM requests
WHERE account_id = :account_id AND request_id = :request_id
