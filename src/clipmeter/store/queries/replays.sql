-- name: replay_find
-- What became of a request with this Idempotency-Key in the last while: what it asked for, its answer, its state.
SELECT p.asked, p.request_id, p.body, p.fetched_at, r.state
FROM replays AS p
LEFT JOIN requests AS r ON r.account_id = p.account_id AND r.request_id = p.request_id
WHERE p.account_id = :account_id AND p.scope = :scope AND p.idempotency_key = :idempotency_key
    AND p.created_at > :now - :keep_micros

-- name: replay_begin
-- A request with this Idempotency-Key begins; one that failed, or is too old, is forgotten.
INSERT INTO replays (account_id, scope, idempotency_key, asked, request_id, created_at)
VALUES (:account_id, :scope, :idempotency_key, :asked, :request_id, :now)
ON CONFLICT (account_id, scope, idempotency_key) DO UPDATE SET
    asked = excluded.asked, request_id = excluded.request_id, created_at = excluded.created_at,
    body = NULL, fetched_at = NULL

-- name: replay_keep
-- Keep the answer of a request that is posted.
UPDATE replays SET body = :body, fetched_at = :fetched_at
WHERE account_id = :account_id AND scope = :scope AND idempotency_key = :idempotency_key AND request_id = :request_id

-- name: replay_prune
-- Forget a few of those that are too old.
DELETE FROM replays WHERE (account_id, scope, idempotency_key) IN (
    SELECT account_id, scope, idempotency_key FROM replays
    WHERE created_at < :now - :keep_micros ORDER BY created_at LIMIT :size
)
RETURNING 1
