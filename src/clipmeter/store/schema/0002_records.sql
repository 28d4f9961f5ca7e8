-- What happened, for people to look at. Nothing here decides anything, and all of it is deleted after a while.

-- One row per request whose caller is known. `at`: when it came in; `code`: '' for a success; `asked`: the link or id as
-- given; `attempts` and `timings`: JSON. The ledger says what was charged; this only repeats it.
CREATE TABLE request_log (
    account_id TEXT NOT NULL,
    request_id TEXT NOT NULL,
    at BIGINT NOT NULL,
    endpoint TEXT NOT NULL,
    mode TEXT NOT NULL CHECK (mode IN ('live', 'test')),
    key_id TEXT NOT NULL,
    asked TEXT NOT NULL,
    video_id TEXT,
    source TEXT NOT NULL,
    attempts TEXT NOT NULL,
    sign TEXT NOT NULL,
    status BIGINT NOT NULL,
    code TEXT NOT NULL,
    charge_micros BIGINT NOT NULL,
    timings TEXT NOT NULL,
    from_memory BIGINT NOT NULL CHECK (from_memory IN (0, 1)),
    PRIMARY KEY (account_id, request_id)
);

CREATE INDEX request_log_by_time ON request_log (account_id, at, request_id);
CREATE INDEX request_log_by_key ON request_log (account_id, key_id, at, request_id);
CREATE INDEX request_log_by_video ON request_log (account_id, video_id, at, request_id);

-- Failures are the few that are looked for by code.
CREATE INDEX request_log_by_code ON request_log (account_id, code, at, request_id) WHERE code <> '';

-- For deleting what is too old.
CREATE INDEX request_log_by_age ON request_log (at);

-- The log's failures, counted by month, so that a count never reads a million rows and outlives them.
CREATE TABLE failures (
    account_id TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    month TEXT NOT NULL,
    code TEXT NOT NULL,
    requests BIGINT NOT NULL,
    PRIMARY KEY (account_id, endpoint, month, code)
);

-- How the sources did. It belongs to no account. `hour`: hours since 1970, UTC; `code`: '' for an answer.
CREATE TABLE source_health (
    hour BIGINT NOT NULL,
    lane TEXT NOT NULL,
    source TEXT NOT NULL,
    code TEXT NOT NULL,
    tries BIGINT NOT NULL,
    total_ms BIGINT NOT NULL,
    max_ms BIGINT NOT NULL,
    PRIMARY KEY (hour, lane, source, code)
);
