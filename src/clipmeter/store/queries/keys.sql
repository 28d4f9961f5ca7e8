-- name: key_find
-- Whose key this is; the account is NULL when it no longer exists.
SELECT k.account_id, k.key_id, k.mode, k.status, a.kind
FROM api_keys AS k LEFT JOIN accounts AS a ON a.account_id = k.account_id
WHERE k.digest = :digest

-- name: mark_set
-- Set a mark that is not set yet.
INSERT INTO marks (name, value) VALUES (:name, :value) ON CONFLICT DO NOTHING

-- name: mark_get
-- A mark's value.
SELECT value FROM marks WHERE name = :name

-- name: key_count
-- How many keys the account has, not counting deleted ones; no row when there is no such account.
SELECT COUNT(k.key_id)
FROM accounts AS a
LEFT JOIN api_keys AS k ON k.account_id = a.account_id AND k.status <> 'deleted'
WHERE a.account_id = :account_id
GROUP BY a.account_id

-- name: key_made
-- Whether the key with this digest, which is there already, works and is young; no row when it is not there.
SELECT CASE WHEN status = 'active' AND created_at > :now - :age_micros THEN 1 ELSE 0 END
FROM api_keys WHERE digest = :digest AND account_id = :account_id

-- name: key_add
-- A new key.
INSERT INTO api_keys (account_id, key_id, digest, hint, name, mode, status, created_at)
VALUES (:account_id, :key_id, :digest, :hint, :name, :mode, 'active', :now)

-- name: key_list
-- The account's keys, oldest first, without deleted ones.
SELECT account_id, key_id, hint, name, mode, status, created_at
FROM api_keys
WHERE account_id = :account_id AND status <> 'deleted'
ORDER BY created_at, key_id

-- name: key_set_status
-- Revoke, enable or delete a key; no row when it is unknown or deleted already.
UPDATE api_keys SET status = :status
WHERE key_id = :key_id AND status <> 'deleted' AND (account_id = :account_id OR :account_id = '')
RETURNING account_id
