-- name: alert_accounts
-- A page of the accounts that have a spending limit and were charged this month.
SELECT a.account_id FROM accounts AS a
WHERE (a.daily_limit_micros IS NOT NULL OR a.monthly_limit_micros IS NOT NULL) AND a.account_id > :after
    AND a.deleted_at IS NULL
    AND EXISTS (
        SELECT 1 FROM spend AS s
        WHERE s.account_id = a.account_id AND s.day >= :month || '-01' AND s.day <= :month || '-31'
    )
ORDER BY a.account_id LIMIT :size

-- name: alert_facts
-- What decides whether an account is told of its spending: limits, charges, and the highest share it was told of.
SELECT
    a.account_id,
    a.email,
    a.alert_url,
    :day,
    :month,
    a.daily_limit_micros,
    a.monthly_limit_micros,
    CAST((
        SELECT COALESCE(SUM(s.charged_micros), 0) FROM spend AS s WHERE s.account_id = a.account_id AND s.day = :day
    ) AS BIGINT),
    CAST((
        SELECT COALESCE(SUM(s.charged_micros), 0) FROM spend AS s
        WHERE s.account_id = a.account_id AND s.day >= :month || '-01' AND s.day <= :month || '-31'
    ) AS BIGINT),
    COALESCE((
        SELECT MAX(t.percent) FROM alerts AS t
        WHERE t.account_id = a.account_id AND t.period = :day AND t.limit_micros = a.daily_limit_micros
    ), 0),
    COALESCE((
        SELECT MAX(t.percent) FROM alerts AS t
        WHERE t.account_id = a.account_id AND t.period = :month AND t.limit_micros = a.monthly_limit_micros
    ), 0),
    :now
FROM accounts AS a
WHERE a.account_id = :account_id AND a.deleted_at IS NULL

-- name: alert_add
-- An account is told of a share of a limit; no row when it was told already.
INSERT INTO alerts (account_id, period, limit_micros, percent, told_at)
VALUES (:account_id, :period, :limit_micros, :percent, :now)
ON CONFLICT DO NOTHING
RETURNING percent

-- name: alert_list
-- What an account was told, the newest first.
SELECT period, limit_micros, percent, told_at FROM alerts
WHERE account_id = :account_id
ORDER BY told_at DESC, period, limit_micros, percent DESC
LIMIT :size

-- name: alert_url_get
-- Where an account wants to be told besides by e-mail; no row when it is unknown.
SELECT alert_url FROM accounts WHERE account_id = :account_id

-- name: alert_url_set
-- Set it; no row when the account is unknown.
UPDATE accounts SET alert_url = :url WHERE account_id = :account_id RETURNING account_id
