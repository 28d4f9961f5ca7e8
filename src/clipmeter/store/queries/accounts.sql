-- name: account_add
-- A new account; no row when the e-mail address is taken.
INSERT INTO accounts (account_id, email, kind, status, payment, created_at)
VALUES (:account_id, :email, :kind, 'active', :payment, :now)
ON CONFLICT DO NOTHING
RETURNING account_id

-- name: account_list
-- All accounts, oldest first.
SELECT account_id, email, kind, status, payment, created_at FROM accounts ORDER BY created_at, account_id

-- name: account_find
-- One account, by its id or its e-mail address.
SELECT account_id, email, kind, status, payment, created_at FROM accounts
WHERE account_id = :id OR email = :email

-- name: account_set_status
-- Block or unblock an account.
UPDATE accounts SET status = :status WHERE account_id = :account_id RETURNING account_id

-- name: account_set_payment
-- Say how an account pays.
UPDATE accounts SET payment = :payment WHERE account_id = :account_id RETURNING account_id
