-- name: gone
-- Somebody leaves: nothing in the account names them any more, and no card pays.
UPDATE accounts SET
    email = :email, password = '', confirmed_at = NULL, deleted_at = :now, alert_url = '',
    payment = CASE WHEN payment = 'card' THEN 'none' ELSE payment END
WHERE account_id = :account_id

-- name: gone_keys
-- No key of the account works any more.
UPDATE api_keys SET status = 'deleted', name = '' WHERE account_id = :account_id

-- name: gone_card
-- Nothing of the card is known any more; the customer's id stays beside the invoices.
UPDATE cards SET payment_method = '', brand = '', last4 = '', exp_month = 0, exp_year = 0, updated_at = :now
WHERE account_id = :account_id

-- name: gone_sessions
-- Logged out everywhere.
DELETE FROM sessions WHERE account_id = :account_id

-- name: gone_tokens
-- No link is good any more.
DELETE FROM tokens WHERE account_id = :account_id

-- name: gone_identities
-- No other provider's log-in leads here any more.
DELETE FROM identities WHERE account_id = :account_id

-- name: gone_messages
-- What was written to them, or would have been.
DELETE FROM messages WHERE account_id = :account_id

-- name: gone_log
-- What they asked for.
DELETE FROM request_log WHERE account_id = :account_id

-- name: gone_lately
-- The accounts that left lately.
SELECT account_id FROM accounts WHERE deleted_at > :now - :since_micros ORDER BY account_id

-- name: gone_replays
-- What they were answered.
DELETE FROM replays WHERE account_id = :account_id

-- name: gone_invites
-- What the operator noted about them.
UPDATE invites SET note = '' WHERE account_id = :account_id

-- name: told_account
-- The account as its owner is told of it.
SELECT
    account_id, email, status, payment, created_at, confirmed_at, daily_limit_micros, monthly_limit_micros, alert_url
FROM accounts WHERE account_id = :account_id

-- name: told_keys
-- Its keys, deleted ones too.
SELECT key_id, hint, name, mode, status, monthly_limit_micros, created_at FROM api_keys
WHERE account_id = :account_id ORDER BY created_at, key_id

-- name: told_sessions
-- Its sessions.
SELECT agent, created_at, seen_at, expires_at FROM sessions WHERE account_id = :account_id ORDER BY created_at, digest

-- name: told_logins
-- Its log-ins at other providers.
SELECT issuer, subject FROM identities WHERE account_id = :account_id ORDER BY issuer

-- name: told_usage
-- What it used, month by month.
SELECT month, endpoint, free_posted, paid_posted, own_posted, test_posted, charged_micros FROM usage
WHERE account_id = :account_id ORDER BY month, endpoint

-- name: told_card
-- Its card, if there is one.
SELECT brand, last4, exp_month, exp_year FROM cards WHERE account_id = :account_id AND payment_method <> ''

-- name: told_invoices
-- Its invoices.
SELECT invoice_id, month, state, amount_cents, stripe_number, created_at FROM invoices
WHERE account_id = :account_id ORDER BY created_at, invoice_id

-- name: told_credits
-- What it was given.
SELECT credit_id, kind, micros, reason, created_at FROM credits
WHERE account_id = :account_id ORDER BY created_at, credit_id

-- name: told_messages
-- What was sent to it, or will be.
SELECT kind, recipient, subject, created_at, sent_at FROM messages
WHERE account_id = :account_id ORDER BY created_at, message_id
