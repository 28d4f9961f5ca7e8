-- name: terms_of
-- What differs from the settings for one account: rows for all accounts ("") and its own.
SELECT account_id, endpoint, price_micros, free_requests, concurrency FROM terms
WHERE account_id IN ('', :account_id)

-- name: terms_list
-- Everything that differs from the settings, with the e-mail address of whom it is for ("": everybody).
SELECT t.account_id, COALESCE(a.email, ''), t.endpoint, t.price_micros, t.free_requests, t.concurrency
FROM terms AS t LEFT JOIN accounts AS a ON a.account_id = t.account_id
ORDER BY 2, t.account_id, t.endpoint

-- name: terms_set
-- What differs for an account ("": for all) at an endpoint; null: nothing.
INSERT INTO terms (account_id, endpoint, price_micros, free_requests, concurrency)
VALUES (:account_id, :endpoint, :price_micros, :free_requests, :concurrency)
ON CONFLICT (account_id, endpoint) DO UPDATE SET
    price_micros = excluded.price_micros,
    free_requests = excluded.free_requests,
    concurrency = excluded.concurrency

-- name: terms_clear
-- Nothing differs any more; no row when nothing did.
DELETE FROM terms WHERE account_id = :account_id AND endpoint = :endpoint RETURNING endpoint

-- name: forecast_facts
-- How an account pays, its limits, what it was charged today, since when there is such an account, and the time; no row
-- when it is unknown.
SELECT
    a.payment,
    a.daily_limit_micros,
    a.monthly_limit_micros,
    CAST((
        SELECT COALESCE(SUM(s.charged_micros), 0) FROM spend AS s WHERE s.account_id = a.account_id AND s.day = :day
    ) AS BIGINT),
    a.created_at,
    :now
FROM accounts AS a
WHERE a.account_id = :account_id
