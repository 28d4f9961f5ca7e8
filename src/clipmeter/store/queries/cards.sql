-- name: card_payer
-- An account's e-mail address, and its customer at Stripe: "" for none.
SELECT a.email, COALESCE(c.customer_id, '')
FROM accounts AS a LEFT JOIN cards AS c ON c.account_id = a.account_id
WHERE a.account_id = :account_id

-- name: card_customer_add
-- The account is this customer at Stripe; nothing happens when it is one already.
INSERT INTO cards (
    account_id, customer_id, payment_method, brand, last4, exp_month, exp_year, ticket, applied, updated_at
)
VALUES (:account_id, :customer_id, '', '', '', 0, 0, 0, 0, :now)
ON CONFLICT DO NOTHING

-- name: card_customer_change
-- The account is this customer in place of one that is gone.
UPDATE cards SET customer_id = :customer_id, updated_at = :now
WHERE account_id = :account_id AND customer_id = :gone_customer_id

-- name: card_get
-- The card of an account; no row when it has none.
SELECT brand, last4, exp_month, exp_year FROM cards WHERE account_id = :account_id AND payment_method <> ''

-- name: card_owner
-- The account that is this customer at Stripe.
SELECT account_id FROM cards WHERE customer_id = :customer_id

-- name: card_ticket
-- Draw a ticket, under which Stripe is asked; no row when the account is no customer.
UPDATE cards SET ticket = cards.ticket + 1
WHERE account_id = :account_id
RETURNING customer_id, ticket

-- name: card_write
-- What Stripe said under a ticket; no row when a later one was written already.
UPDATE cards SET payment_method = :payment_method, brand = :brand, last4 = :last_digits, exp_month = :exp_month,
    exp_year = :exp_year, applied = :ticket, updated_at = :now
WHERE account_id = :account_id AND applied < :ticket
RETURNING account_id

-- name: card_pays
-- The account pays by card from now on, or no longer; one that the operator bills by hand stays as it is.
UPDATE accounts SET payment = :payment
WHERE account_id = :account_id AND payment <> :payment AND payment <> 'invoice' AND deleted_at IS NULL

-- name: event_known
-- What was done about an event of Stripe's; no row when it is new.
SELECT outcome FROM stripe_events WHERE event_id = :event_id

-- name: event_add
-- What was done about an event.
INSERT INTO stripe_events (event_id, kind, created_at, received_at, outcome)
VALUES (:event_id, :kind, :created_seconds, :now, :outcome)
ON CONFLICT DO NOTHING
