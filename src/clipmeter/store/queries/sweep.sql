-- name: node_join
-- A node starts.
INSERT INTO nodes (node_id, started_at, beat_at)
VALUES (:node_id, :now, :now)

-- name: node_beat
-- A node lives; no row when the others took it for dead.
UPDATE nodes SET beat_at = :now WHERE node_id = :node_id
RETURNING node_id

-- name: node_living
-- The nodes whose last heartbeat is not too old.
SELECT node_id FROM nodes WHERE beat_at >= :now - :stale_micros

-- name: node_leave
-- A node has ended and holds nothing any more.
DELETE FROM nodes WHERE node_id = :node_id

-- name: node_list
-- Every node that may still hold something.
SELECT node_id FROM nodes
UNION
SELECT node_id FROM requests WHERE state = 'reserved'

-- name: sweep_overdue
-- How many reservations are past their deadline and the grace after it.
SELECT COUNT(*) FROM requests WHERE state = 'reserved' AND deadline < :now - :grace_micros

-- name: sweep_deadlines
-- Expire them.
UPDATE requests SET state = 'expired', reason = 'deadline', price_micros = 0,
    ended_at = CASE WHEN :now > admitted_at THEN :now ELSE admitted_at END
WHERE state = 'reserved' AND deadline < :now - :grace_micros
RETURNING account_id, endpoint

-- name: sweep_node
-- Expire everything that a dead node held.
UPDATE requests SET state = 'expired', reason = 'node_died', price_micros = 0,
    ended_at = CASE WHEN :now > admitted_at THEN :now ELSE admitted_at END
WHERE state = 'reserved' AND node_id = :node_id
RETURNING account_id, endpoint
