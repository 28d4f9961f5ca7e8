-- name: message_add
-- A message to be sent.
INSERT INTO messages (account_id, message_id, kind, recipient, subject, body, created_at, due_at, tries, problem)
VALUES (:account_id, :message_id, :kind, :recipient, :subject, :body, :now, :now, 0, '')

-- name: messages_due
-- A few that should be sent by now, the one due longest first; the try to come is counted.
SELECT account_id, message_id, recipient, subject, body, created_at, tries + 1, due_at FROM messages
WHERE sent_at IS NULL AND due_at <= :now AND kind = :kind
ORDER BY due_at, message_id LIMIT :size

-- name: message_claim
-- Whoever gets this row sends it; nobody else does for a while.
UPDATE messages SET due_at = :now + :claim_micros, tries = tries + 1
WHERE account_id = :account_id AND message_id = :message_id AND due_at = :due_at AND sent_at IS NULL
RETURNING message_id

-- name: message_sent
-- It has left.
UPDATE messages SET sent_at = :now, body = '', problem = ''
WHERE account_id = :account_id AND message_id = :message_id

-- name: message_later
-- It has not, and is tried again after a while; no row when that has gone on for too long.
UPDATE messages SET due_at = :now + :wait_micros, problem = :problem
WHERE account_id = :account_id AND message_id = :message_id AND sent_at IS NULL
    AND created_at > :now - :patience_micros
RETURNING message_id

-- name: message_give_up
-- It never will: due at no time.
UPDATE messages SET due_at = 9223372036854775807, body = '', problem = :problem
WHERE account_id = :account_id AND message_id = :message_id AND sent_at IS NULL

-- name: messages_prune
-- Forget those of long ago.
DELETE FROM messages WHERE created_at < :now - :keep_micros
