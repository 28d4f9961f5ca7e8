-- name: account_add
-- A new account; no row when the e-mail address is taken.
INSERT INTO accounts (account_id, email, kind, status, payment, created_at)
VALUES (:account_id, :email, :kind, 'active', :payment, :now)
ON CONFLICT DO NOTHING
RETURNING account_id

-- name: account_list
-- All accounts, oldest first.
SELECT account_id, email, kind, CASE WHEN deleted_at IS NULL THEN status ELSE 'deleted' END, payment, created_at
FROM accounts ORDER BY created_at, account_id

-- name: account_find
-- One account, by its id or its e-mail address.
SELECT account_id, email, kind, status, payment, created_at FROM accounts
WHERE account_id = :id OR email = :email

-- name: account_set_block
-- The operator blocks an account (1), or takes that back (0); its status follows by account_refresh_status.
UPDATE accounts SET operator_block = :blocked
WHERE account_id = :account_id

-- name: account_set_payment
-- Say how an account pays.
UPDATE accounts SET payment = :payment WHERE account_id = :account_id RETURNING account_id

-- name: account_set_by_hand
-- The operator bills an account by hand (1), or it pays as others do (0): by its card, if it has one.
UPDATE accounts SET payment = CASE
    WHEN :by_hand = 1 THEN 'invoice'
    WHEN EXISTS (
        SELECT 1 FROM cards AS c WHERE c.account_id = accounts.account_id AND c.payment_method <> ''
    ) THEN 'card' ELSE 'none' END
WHERE account_id = :account_id
RETURNING payment

-- name: account_refresh_status
-- An account is blocked when the operator says so or an invoice has failed.
UPDATE accounts SET status = CASE
    WHEN operator_block = 1 OR EXISTS (
        SELECT 1 FROM invoices AS i WHERE i.account_id = accounts.account_id AND i.state = 'failed'
    ) THEN 'blocked' ELSE 'active' END
WHERE account_id = :account_id
RETURNING status
