-- name: person_add
-- A new account of somebody who logs in; no row when the e-mail address is taken. Confirmed already, or null.
INSERT INTO accounts (account_id, email, kind, status, payment, created_at, password, confirmed_at)
VALUES (:account_id, :email, 'user', 'active', 'none', :now, :password, CASE WHEN :confirmed = 1 THEN :now END)
ON CONFLICT DO NOTHING
RETURNING account_id

-- name: person_by_email
-- Who logs in with this address, and the hash of the password ("" for none).
SELECT account_id, email, kind, password, confirmed_at FROM accounts WHERE email = :email AND deleted_at IS NULL

-- name: person
-- The same, of one account.
SELECT account_id, email, kind, password, confirmed_at FROM accounts
WHERE account_id = :account_id AND deleted_at IS NULL

-- name: person_set_password
-- A new hash.
UPDATE accounts SET password = :password WHERE account_id = :account_id

-- name: person_confirm
-- Whoever has the account reads what is sent to this address; no row when it has another one by now.
UPDATE accounts SET confirmed_at = COALESCE(confirmed_at, :now)
WHERE account_id = :account_id AND email = :email AND deleted_at IS NULL
RETURNING account_id

-- name: person_revoke_keys
-- Every key of the account is refused until it is enabled again.
UPDATE api_keys SET status = 'revoked' WHERE account_id = :account_id AND status = 'active'

-- name: session_add
-- Somebody has logged in.
INSERT INTO sessions (account_id, digest, agent, created_at, seen_at, expires_at)
VALUES (:account_id, :digest, :agent, :now, :now, :now + :life_micros)
RETURNING expires_at

-- name: session_find
-- Whose session this is, if it has not ended, and whether it is time to note that it was seen.
SELECT
    s.account_id, a.email, a.confirmed_at, a.password, a.kind, a.status, a.payment,
    CASE WHEN s.seen_at < :now - :fresh_micros THEN 1 ELSE 0 END
FROM sessions AS s JOIN accounts AS a ON a.account_id = s.account_id
WHERE s.digest = :digest AND s.expires_at > :now AND s.seen_at > :now - :idle_micros AND a.deleted_at IS NULL

-- name: session_seen
-- The session is in use.
UPDATE sessions SET seen_at = :now WHERE account_id = :account_id AND digest = :digest

-- name: session_list
-- The account's sessions that have not ended, the last used first.
SELECT digest, agent, created_at, seen_at, expires_at FROM sessions
WHERE account_id = :account_id AND expires_at > :now AND seen_at > :now - :idle_micros
ORDER BY seen_at DESC, digest

-- name: session_end
-- Log out.
DELETE FROM sessions WHERE digest = :digest AND (account_id = :account_id OR :account_id = '')

-- name: sessions_end
-- Log out everywhere, or everywhere but in one session.
DELETE FROM sessions WHERE account_id = :account_id AND digest <> :digest

-- name: sessions_trim
-- Of many sessions the oldest go.
DELETE FROM sessions WHERE account_id = :account_id AND digest IN (
    SELECT digest FROM sessions WHERE account_id = :account_id ORDER BY created_at DESC, digest LIMIT 1000 OFFSET :size
)

-- name: sessions_prune
-- Forget sessions that have ended.
DELETE FROM sessions WHERE expires_at < :now OR seen_at < :now - :idle_micros

-- name: token_add
-- A link that is good once.
INSERT INTO tokens (account_id, digest, purpose, email, expires_at)
VALUES (:account_id, :digest, :purpose, :email, :now + :life_micros)

-- name: token_find
-- What a link is for, if it is still good.
SELECT t.account_id, t.email FROM tokens AS t JOIN accounts AS a ON a.account_id = t.account_id
WHERE t.digest = :digest AND t.purpose = :purpose AND t.expires_at > :now AND a.deleted_at IS NULL

-- name: token_take
-- Use a link up; no row when it is not good any more.
DELETE FROM tokens WHERE account_id = :account_id AND digest = :digest AND expires_at > :now RETURNING email

-- name: tokens_drop
-- The account's links for this purpose (or for any) are not good any more.
DELETE FROM tokens WHERE account_id = :account_id AND (purpose = :purpose OR :purpose = '')

-- name: tokens_prune
-- Forget links that are too old.
DELETE FROM tokens WHERE expires_at < :now

-- name: attempt_count
-- Count an attempt: how many there were since the first one, and the micro-seconds until they are forgotten.
INSERT INTO attempts (scope, failures, until) VALUES (:scope, 1, :now + :window_micros)
ON CONFLICT (scope) DO UPDATE SET
    failures = CASE WHEN attempts.until <= :now THEN 1 ELSE attempts.failures + 1 END,
    until = CASE WHEN attempts.until <= :now THEN :now + :window_micros ELSE attempts.until END
RETURNING failures, until - :now

-- name: attempt_take_back
-- One attempt less.
UPDATE attempts SET failures = failures - 1 WHERE scope = :scope AND failures > 0

-- name: attempts_forget
-- As if it had never been tried.
DELETE FROM attempts WHERE scope = :scope

-- name: attempts_prune
-- Forget attempts that do not count any more.
DELETE FROM attempts WHERE until < :now

-- name: invite_add
-- An invitation.
INSERT INTO invites (digest, note, created_at, expires_at) VALUES (:digest, :note, :now, :now + :life_micros)
RETURNING expires_at

-- name: invite_find
-- Whether an invitation is still good.
SELECT note FROM invites WHERE digest = :digest AND account_id IS NULL AND expires_at > :now

-- name: invite_use
-- Use an invitation up; no row when it is not good any more.
UPDATE invites SET account_id = :account_id WHERE digest = :digest AND account_id IS NULL AND expires_at > :now
RETURNING digest

-- name: invite_list
-- All invitations, oldest first.
SELECT note, created_at, expires_at, account_id FROM invites ORDER BY created_at, digest

-- name: identity_find
-- Whose log-in at another provider this is.
SELECT i.account_id FROM identities AS i JOIN accounts AS a ON a.account_id = i.account_id
WHERE i.issuer = :issuer AND i.subject = :subject AND a.deleted_at IS NULL

-- name: identity_add
-- Join a log-in at another provider; no row when the account has another one there.
INSERT INTO identities (account_id, issuer, subject) VALUES (:account_id, :issuer, :subject)
ON CONFLICT DO NOTHING
RETURNING account_id
