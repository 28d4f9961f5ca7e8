-- Requests in flight are few, those of an account are many. A planner that has no statistics yet takes the primary key of
-- an account's rows for as good as the index of those in flight, and each request would take longer than the one before.
-- So they are found by an expression that no other index has.
CREATE INDEX requests_in_flight ON requests ((account_id || ''), endpoint, month, kind, node_id, deadline)
    WHERE state = 'reserved';
DROP INDEX requests_reserved;
