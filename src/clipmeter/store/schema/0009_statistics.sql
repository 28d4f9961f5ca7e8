-- Sums of what happened, small enough to draw a page from: the request log is never added up for one.

-- Requests by day, written as rows of the log are. `day`: days since 1970, UTC, by the database's clock; `code`: '' for a
-- success; `charged`: how many of the requests cost something; `last_at`: when the last of them came in. A bucket counts
-- what took at most so many milliseconds, and longer than the one before it: 10, 25, 50, 100, 200, 400, 700, 1000, 2000,
-- 4000, 8000, and bucket_l longer than that.
CREATE TABLE daily (
    account_id TEXT NOT NULL,
    day BIGINT NOT NULL,
    endpoint TEXT NOT NULL,
    key_id TEXT NOT NULL,
    mode TEXT NOT NULL,
    code TEXT NOT NULL,
    requests BIGINT NOT NULL,
    charged BIGINT NOT NULL,
    charged_micros BIGINT NOT NULL,
    total_ms BIGINT NOT NULL,
    max_ms BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    bucket_a BIGINT NOT NULL,
    bucket_b BIGINT NOT NULL,
    bucket_c BIGINT NOT NULL,
    bucket_d BIGINT NOT NULL,
    bucket_e BIGINT NOT NULL,
    bucket_f BIGINT NOT NULL,
    bucket_g BIGINT NOT NULL,
    bucket_h BIGINT NOT NULL,
    bucket_i BIGINT NOT NULL,
    bucket_j BIGINT NOT NULL,
    bucket_k BIGINT NOT NULL,
    bucket_l BIGINT NOT NULL,
    PRIMARY KEY (account_id, day, endpoint, key_id, mode, code)
);

-- For deleting what is too old.
CREATE INDEX daily_by_age ON daily (day);

-- How each endpoint did by hour, for all callers together. It belongs to no account. `hour` as in source_health.
CREATE TABLE endpoint_health (
    hour BIGINT NOT NULL,
    lane TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    code TEXT NOT NULL,
    requests BIGINT NOT NULL,
    total_ms BIGINT NOT NULL,
    max_ms BIGINT NOT NULL,
    bucket_a BIGINT NOT NULL,
    bucket_b BIGINT NOT NULL,
    bucket_c BIGINT NOT NULL,
    bucket_d BIGINT NOT NULL,
    bucket_e BIGINT NOT NULL,
    bucket_f BIGINT NOT NULL,
    bucket_g BIGINT NOT NULL,
    bucket_h BIGINT NOT NULL,
    bucket_i BIGINT NOT NULL,
    bucket_j BIGINT NOT NULL,
    bucket_k BIGINT NOT NULL,
    bucket_l BIGINT NOT NULL,
    PRIMARY KEY (hour, lane, endpoint, code)
);

-- The same buckets for the sources; tries from before this step are in none.
ALTER TABLE source_health ADD COLUMN bucket_a BIGINT NOT NULL DEFAULT 0;
ALTER TABLE source_health ADD COLUMN bucket_b BIGINT NOT NULL DEFAULT 0;
ALTER TABLE source_health ADD COLUMN bucket_c BIGINT NOT NULL DEFAULT 0;
ALTER TABLE source_health ADD COLUMN bucket_d BIGINT NOT NULL DEFAULT 0;
ALTER TABLE source_health ADD COLUMN bucket_e BIGINT NOT NULL DEFAULT 0;
ALTER TABLE source_health ADD COLUMN bucket_f BIGINT NOT NULL DEFAULT 0;
ALTER TABLE source_health ADD COLUMN bucket_g BIGINT NOT NULL DEFAULT 0;
ALTER TABLE source_health ADD COLUMN bucket_h BIGINT NOT NULL DEFAULT 0;
ALTER TABLE source_health ADD COLUMN bucket_i BIGINT NOT NULL DEFAULT 0;
ALTER TABLE source_health ADD COLUMN bucket_j BIGINT NOT NULL DEFAULT 0;
ALTER TABLE source_health ADD COLUMN bucket_k BIGINT NOT NULL DEFAULT 0;
ALTER TABLE source_health ADD COLUMN bucket_l BIGINT NOT NULL DEFAULT 0;

-- Which sums of `daily` a process has written: `batch` is the last one, so that none is added twice.
CREATE TABLE tally_marks (
    writer TEXT NOT NULL,
    batch BIGINT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (writer)
);

-- What is in the log by now. The total is the last of a row's timings; functions for JSON differ between databases.
INSERT INTO daily (
    account_id, day, endpoint, key_id, mode, code, requests, charged, charged_micros, total_ms, max_ms, last_at,
    bucket_a, bucket_b, bucket_c, bucket_d, bucket_e, bucket_f,
    bucket_g, bucket_h, bucket_i, bucket_j, bucket_k, bucket_l
)
SELECT
    account_id, at / 86400000000, endpoint, key_id, mode, code,
    COUNT(*),
    SUM(CASE WHEN charge_micros > 0 THEN 1 ELSE 0 END),
    SUM(charge_micros),
    CAST(ROUND(SUM(ms)) AS BIGINT),
    CAST(ROUND(MAX(ms) + 0.499) AS BIGINT),
    MAX(at),
    SUM(CASE WHEN ms <= 10 THEN 1 ELSE 0 END),
    SUM(CASE WHEN ms > 10 AND ms <= 25 THEN 1 ELSE 0 END),
    SUM(CASE WHEN ms > 25 AND ms <= 50 THEN 1 ELSE 0 END),
    SUM(CASE WHEN ms > 50 AND ms <= 100 THEN 1 ELSE 0 END),
    SUM(CASE WHEN ms > 100 AND ms <= 200 THEN 1 ELSE 0 END),
    SUM(CASE WHEN ms > 200 AND ms <= 400 THEN 1 ELSE 0 END),
    SUM(CASE WHEN ms > 400 AND ms <= 700 THEN 1 ELSE 0 END),
    SUM(CASE WHEN ms > 700 AND ms <= 1000 THEN 1 ELSE 0 END),
    SUM(CASE WHEN ms > 1000 AND ms <= 2000 THEN 1 ELSE 0 END),
    SUM(CASE WHEN ms > 2000 AND ms <= 4000 THEN 1 ELSE 0 END),
    SUM(CASE WHEN ms > 4000 AND ms <= 8000 THEN 1 ELSE 0 END),
    SUM(CASE WHEN ms > 8000 THEN 1 ELSE 0 END)
FROM (
    SELECT account_id, at, endpoint, key_id, mode, code, charge_micros, CASE WHEN rtrim(timings, '0123456789.e+-}') LIKE '%"total":'
        THEN CAST(rtrim(substr(timings, length(rtrim(timings, '0123456789.e+-}')) + 1), '}') AS DOUBLE PRECISION)
        ELSE 0 END AS ms
    FROM request_log
) AS logged
GROUP BY account_id, at / 86400000000, endpoint, key_id, mode, code;

INSERT INTO endpoint_health (
    hour, lane, endpoint, code, requests, total_ms, max_ms,
    bucket_a, bucket_b, bucket_c, bucket_d, bucket_e, bucket_f,
    bucket_g, bucket_h, bucket_i, bucket_j, bucket_k, bucket_l
)
SELECT
    at / 3600000000, mode, endpoint, code,
    COUNT(*),
    CAST(ROUND(SUM(ms)) AS BIGINT),
    CAST(ROUND(MAX(ms) + 0.499) AS BIGINT),
    SUM(CASE WHEN ms <= 10 THEN 1 ELSE 0 END),
    SUM(CASE WHEN ms > 10 AND ms <= 25 THEN 1 ELSE 0 END),
    SUM(CASE WHEN ms > 25 AND ms <= 50 THEN 1 ELSE 0 END),
    SUM(CASE WHEN ms > 50 AND ms <= 100 THEN 1 ELSE 0 END),
    SUM(CASE WHEN ms > 100 AND ms <= 200 THEN 1 ELSE 0 END),
    SUM(CASE WHEN ms > 200 AND ms <= 400 THEN 1 ELSE 0 END),
    SUM(CASE WHEN ms > 400 AND ms <= 700 THEN 1 ELSE 0 END),
    SUM(CASE WHEN ms > 700 AND ms <= 1000 THEN 1 ELSE 0 END),
    SUM(CASE WHEN ms > 1000 AND ms <= 2000 THEN 1 ELSE 0 END),
    SUM(CASE WHEN ms > 2000 AND ms <= 4000 THEN 1 ELSE 0 END),
    SUM(CASE WHEN ms > 4000 AND ms <= 8000 THEN 1 ELSE 0 END),
    SUM(CASE WHEN ms > 8000 THEN 1 ELSE 0 END)
FROM (
    SELECT at, endpoint, mode, code, CASE WHEN rtrim(timings, '0123456789.e+-}') LIKE '%"total":'
        THEN CAST(rtrim(substr(timings, length(rtrim(timings, '0123456789.e+-}')) + 1), '}') AS DOUBLE PRECISION)
        ELSE 0 END AS ms
    FROM request_log
) AS logged
GROUP BY at / 3600000000, mode, endpoint, code;
