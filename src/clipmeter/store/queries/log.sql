-- name: log_add
-- One finished request that was answered, `age_micros` after it came in; it may be in the log already.
INSERT INTO request_log (
    account_id, request_id, at, endpoint, mode, key_id, asked, video_id, source, attempts, sign,
    status, code, charge_micros, timings, from_memory
)
VALUES (
    :account_id, :request_id, :now - :age_micros, :endpoint, :mode, :key_id, :asked, :video_id, :source, :attempts,
    :sign, :http_status, :code, :charge_micros, :timings, :from_memory
)
ON CONFLICT DO NOTHING

-- name: log_add_failure
-- The same for one that failed; no row when it is in the log already. (To return rows takes as long as to write them.)
INSERT INTO request_log (
    account_id, request_id, at, endpoint, mode, key_id, asked, video_id, source, attempts, sign,
    status, code, charge_micros, timings, from_memory
)
VALUES (
    :account_id, :request_id, :now - :age_micros, :endpoint, :mode, :key_id, :asked, :video_id, :source, :attempts,
    :sign, :http_status, :code, :charge_micros, :timings, :from_memory
)
ON CONFLICT DO NOTHING
RETURNING request_id

-- name: log_at
-- When one request came in; no row when it is not in the account's log.
SELECT at FROM request_log WHERE account_id = :account_id AND request_id = :request_id

-- name: log_page
-- A page of an account's log, newest first, before a moment and id and not older than another moment: those of an
-- endpoint, a mode and a class of status (4 for 4xx) and those that were charged (1) among the next `most` rows, where
-- these are not '' or 0. The order is that of what was looked through: to sort anew would mean to read all of it.
SELECT
    request_id, at, endpoint, mode, key_id, asked, video_id, source, attempts, sign, status, code, charge_micros,
    timings, from_memory
FROM (
    SELECT
        request_id, at, endpoint, mode, key_id, asked, video_id, source, attempts, sign, status, code, charge_micros,
        timings, from_memory
    FROM request_log
    WHERE account_id = :account_id AND (at, request_id) < (:before_time, :before_id) AND at >= :since
    ORDER BY at DESC, request_id DESC
    LIMIT :most
) AS looked
WHERE (:endpoint = '' OR endpoint = :endpoint) AND (:mode = '' OR mode = :mode)
    AND (:status_class = 0 OR status / 100 = :status_class) AND (:charged = 0 OR charge_micros > 0)
LIMIT :size

-- name: log_page_by_video
-- The same, of one post; of one key and one code too where these are not ''. (`+at`: else the index of the time is
-- taken for this one.)
SELECT
    request_id, at, endpoint, mode, key_id, asked, video_id, source, attempts, sign, status, code, charge_micros,
    timings, from_memory
FROM (
    SELECT
        request_id, at, endpoint, mode, key_id, asked, video_id, source, attempts, sign, status, code, charge_micros,
        timings, from_memory
    FROM request_log
    WHERE account_id = :account_id AND video_id = :video_id AND (at, request_id) < (:before_time, :before_id) AND +at >= :since
    ORDER BY at DESC, request_id DESC
    LIMIT :most
) AS looked
WHERE (:key_id = '' OR key_id = :key_id) AND (:code = '' OR code = :code) AND (:endpoint = '' OR endpoint = :endpoint) AND (:mode = '' OR mode = :mode)
    AND (:status_class = 0 OR status / 100 = :status_class) AND (:charged = 0 OR charge_micros > 0)
LIMIT :size

-- name: log_page_by_code
-- The same, of one kind of failure; of one key too where that is not ''.
SELECT
    request_id, at, endpoint, mode, key_id, asked, video_id, source, attempts, sign, status, code, charge_micros,
    timings, from_memory
FROM (
    SELECT
        request_id, at, endpoint, mode, key_id, asked, video_id, source, attempts, sign, status, code, charge_micros,
        timings, from_memory
    FROM request_log
    WHERE account_id = :account_id AND code = :code AND code <> '' AND (at, request_id) < (:before_time, :before_id) AND +at >= :since
    ORDER BY at DESC, request_id DESC
    LIMIT :most
) AS looked
WHERE (:key_id = '' OR key_id = :key_id) AND (:endpoint = '' OR endpoint = :endpoint) AND (:mode = '' OR mode = :mode)
    AND (:status_class = 0 OR status / 100 = :status_class) AND (:charged = 0 OR charge_micros > 0)
LIMIT :size

-- name: log_page_by_key
-- The same, of one key.
SELECT
    request_id, at, endpoint, mode, key_id, asked, video_id, source, attempts, sign, status, code, charge_micros,
    timings, from_memory
FROM (
    SELECT
        request_id, at, endpoint, mode, key_id, asked, video_id, source, attempts, sign, status, code, charge_micros,
        timings, from_memory
    FROM request_log
    WHERE account_id = :account_id AND key_id = :key_id AND (at, request_id) < (:before_time, :before_id) AND +at >= :since
    ORDER BY at DESC, request_id DESC
    LIMIT :most
) AS looked
WHERE (:endpoint = '' OR endpoint = :endpoint) AND (:mode = '' OR mode = :mode)
    AND (:status_class = 0 OR status / 100 = :status_class) AND (:charged = 0 OR charge_micros > 0)
LIMIT :size

-- name: log_edge
-- The last row that log_page looks through; no row when it looks through all of them.
SELECT at, request_id FROM request_log
WHERE account_id = :account_id AND (at, request_id) < (:before_time, :before_id) AND at >= :since
ORDER BY at DESC, request_id DESC
LIMIT 1 OFFSET :most - 1

-- name: log_edge_by_video
-- The same for one post.
SELECT at, request_id FROM request_log
WHERE account_id = :account_id AND video_id = :video_id AND (at, request_id) < (:before_time, :before_id) AND +at >= :since
ORDER BY at DESC, request_id DESC
LIMIT 1 OFFSET :most - 1

-- name: log_edge_by_code
-- The same for one kind of failure.
SELECT at, request_id FROM request_log
WHERE account_id = :account_id AND code = :code AND code <> '' AND (at, request_id) < (:before_time, :before_id) AND +at >= :since
ORDER BY at DESC, request_id DESC
LIMIT 1 OFFSET :most - 1

-- name: log_edge_by_key
-- The same for one key.
SELECT at, request_id FROM request_log
WHERE account_id = :account_id AND key_id = :key_id AND (at, request_id) < (:before_time, :before_id) AND +at >= :since
ORDER BY at DESC, request_id DESC
LIMIT 1 OFFSET :most - 1

-- name: log_one
-- One row of an account's log; no row when it is not there.
SELECT
    request_id, at, endpoint, mode, key_id, asked, video_id, source, attempts, sign, status, code, charge_micros,
    timings, from_memory
FROM request_log
WHERE account_id = :account_id AND request_id = :request_id

-- name: log_prune
-- Delete a few of the rows that are older than they may be.
DELETE FROM request_log WHERE (account_id, request_id) IN (
    SELECT account_id, request_id FROM request_log WHERE at < :now - :keep_micros ORDER BY at LIMIT :size
)
RETURNING 1

-- name: failures_add
-- Failures of one kind, counted to this month.
INSERT INTO failures (account_id, endpoint, month, code, requests)
VALUES (:account_id, :endpoint, :month, :code, :requests)
ON CONFLICT (account_id, endpoint, month, code) DO UPDATE SET requests = failures.requests + excluded.requests

-- name: failures_of
-- An account's failures of a month, by endpoint and code.
SELECT endpoint, code, requests FROM failures
WHERE account_id = :account_id AND month = :which_month
ORDER BY endpoint, code

-- name: usage_of
-- The sums of an account's posted requests of a month.
SELECT endpoint, free_posted, paid_posted, own_posted, test_posted, charged_micros FROM usage
WHERE account_id = :account_id AND month = :which_month
ORDER BY endpoint

-- name: this_month
-- The month it is.
SELECT :month
