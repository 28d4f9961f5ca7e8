-- name: limits_get
-- An account's spending limits; no row when it is unknown.
SELECT daily_limit_micros, monthly_limit_micros FROM accounts WHERE account_id = :account_id

-- name: limits_set
-- Set or remove (null) an account's spending limits; no row when it is unknown.
UPDATE accounts SET daily_limit_micros = :daily_limit, monthly_limit_micros = :monthly_limit
WHERE account_id = :account_id
RETURNING account_id

-- name: key_limit_set
-- Set or remove (null) the monthly cap of one key; no row when it is not the account's, or deleted.
UPDATE api_keys SET monthly_limit_micros = :key_limit
WHERE account_id = :account_id AND key_id = :key_id AND status <> 'deleted'
RETURNING key_id

-- name: reserved_money
-- The account's reservations that may be charged, newest first.
SELECT request_id, day, month, key_id, price_micros FROM requests
WHERE state = 'reserved' AND account_id || '' = :account_id AND price_micros > 0
ORDER BY admitted_at DESC, request_id DESC

-- name: posted_money
-- What an account was charged between two days, both included.
SELECT CAST(COALESCE(SUM(charged_micros), 0) AS BIGINT) FROM spend
WHERE account_id = :account_id AND day >= :from_day AND day <= :until_day

-- name: posted_money_of_key
-- The same, of one key.
SELECT CAST(COALESCE(SUM(charged_micros), 0) AS BIGINT) FROM spend
WHERE account_id = :account_id AND day >= :from_day AND day <= :until_day AND key_id = :key_id

-- name: release_money
-- A reservation keeps its place, but not its money: whether it can be charged is asked again when it is posted.
UPDATE requests SET price_micros = 0
WHERE account_id = :account_id AND request_id = :request_id AND state = 'reserved'

-- name: spent_of
-- What an account was charged today and this month.
SELECT
    CAST(COALESCE(SUM(CASE WHEN day = :day THEN charged_micros ELSE 0 END), 0) AS BIGINT),
    CAST(COALESCE(SUM(charged_micros), 0) AS BIGINT)
FROM spend
WHERE account_id = :account_id AND day >= :month || '-01' AND day <= :month || '-31'

-- name: key_owner
-- Whose key this is; no row when it is unknown or deleted.
SELECT account_id FROM api_keys WHERE key_id = :key_id AND status <> 'deleted'

-- name: key_caps
-- The account's keys, oldest first: the monthly cap of each (null: none) and what it was charged this month.
SELECT
    k.key_id,
    k.monthly_limit_micros,
    CAST(COALESCE((
        SELECT SUM(s.charged_micros) FROM spend AS s
        WHERE s.account_id = k.account_id AND s.day >= :month || '-01' AND s.day <= :month || '-31'
            AND s.key_id = k.key_id
    ), 0) AS BIGINT)
FROM api_keys AS k
WHERE k.account_id = :account_id AND k.status <> 'deleted'
ORDER BY k.created_at, k.key_id
