-- name: tally_mark
-- A process writes its next batch of sums; no row when it has done so before.
INSERT INTO tally_marks (writer, batch, at)
VALUES (:writer, :batch, :now)
ON CONFLICT (writer) DO UPDATE SET batch = excluded.batch, at = excluded.at WHERE tally_marks.batch < excluded.batch
RETURNING batch

-- name: tally_add
-- Requests of one kind and day, added to those that are there.
INSERT INTO daily (
    account_id, day, endpoint, key_id, mode, code, requests, charged, charged_micros, total_ms, max_ms, last_at,
    bucket_a, bucket_b, bucket_c, bucket_d, bucket_e, bucket_f,
    bucket_g, bucket_h, bucket_i, bucket_j, bucket_k, bucket_l
)
VALUES (
    :account_id, :on_day, :endpoint, :key_id, :mode, :code, :requests, :charged, :charged_micros, :total_ms, :max_ms,
    :last_at, :bucket_a, :bucket_b, :bucket_c, :bucket_d, :bucket_e, :bucket_f,
    :bucket_g, :bucket_h, :bucket_i, :bucket_j, :bucket_k, :bucket_l
)
ON CONFLICT (account_id, day, endpoint, key_id, mode, code) DO UPDATE SET
    max_ms = CASE WHEN excluded.max_ms > daily.max_ms THEN excluded.max_ms ELSE daily.max_ms END,
    last_at = CASE WHEN excluded.last_at > daily.last_at THEN excluded.last_at ELSE daily.last_at END,
    requests = daily.requests + excluded.requests,
    charged = daily.charged + excluded.charged,
    charged_micros = daily.charged_micros + excluded.charged_micros,
    total_ms = daily.total_ms + excluded.total_ms,
    bucket_a = daily.bucket_a + excluded.bucket_a,
    bucket_b = daily.bucket_b + excluded.bucket_b,
    bucket_c = daily.bucket_c + excluded.bucket_c,
    bucket_d = daily.bucket_d + excluded.bucket_d,
    bucket_e = daily.bucket_e + excluded.bucket_e,
    bucket_f = daily.bucket_f + excluded.bucket_f,
    bucket_g = daily.bucket_g + excluded.bucket_g,
    bucket_h = daily.bucket_h + excluded.bucket_h,
    bucket_i = daily.bucket_i + excluded.bucket_i,
    bucket_j = daily.bucket_j + excluded.bucket_j,
    bucket_k = daily.bucket_k + excluded.bucket_k,
    bucket_l = daily.bucket_l + excluded.bucket_l

-- name: tally_prune
-- Delete a few of the sums of days that are over for long.
DELETE FROM daily WHERE (account_id, day, endpoint, key_id, mode, code) IN (
    SELECT account_id, day, endpoint, key_id, mode, code FROM daily WHERE day < :now / 86400000000 - :days
    ORDER BY day LIMIT :size
)
RETURNING 1

-- name: tally_forget
-- Forget processes that have written nothing for long.
DELETE FROM tally_marks WHERE at < :now - :keep_micros

-- name: moment
-- The time.
SELECT :now

-- name: daily_sums
-- An account's requests by day, and by what `part` says within the day; of one endpoint, key, mode and code where these
-- are not '*'.
SELECT
    day,
    CASE :part WHEN 'endpoint' THEN endpoint WHEN 'key' THEN key_id WHEN 'mode' THEN mode WHEN 'code' THEN code
        ELSE '' END,
    CAST(SUM(requests) AS BIGINT),
    CAST(SUM(CASE WHEN code = '' THEN requests ELSE 0 END) AS BIGINT),
    CAST(SUM(charged) AS BIGINT),
    CAST(SUM(charged_micros) AS BIGINT),
    MAX(last_at),
    CAST(SUM(total_ms) AS BIGINT),
    MAX(max_ms),
    CAST(SUM(bucket_a) AS BIGINT), CAST(SUM(bucket_b) AS BIGINT), CAST(SUM(bucket_c) AS BIGINT),
    CAST(SUM(bucket_d) AS BIGINT), CAST(SUM(bucket_e) AS BIGINT), CAST(SUM(bucket_f) AS BIGINT),
    CAST(SUM(bucket_g) AS BIGINT), CAST(SUM(bucket_h) AS BIGINT), CAST(SUM(bucket_i) AS BIGINT),
    CAST(SUM(bucket_j) AS BIGINT), CAST(SUM(bucket_k) AS BIGINT), CAST(SUM(bucket_l) AS BIGINT)
FROM daily
WHERE account_id = :account_id AND day >= :first_day AND day <= :last_day
    AND (:endpoint = '*' OR endpoint = :endpoint) AND (:key_id = '*' OR key_id = :key_id)
    AND (:mode = '*' OR mode = :mode) AND (:code = '*' OR code = :code)
GROUP BY 1, 2
ORDER BY 1, 2

-- name: daily_first
-- The first day of which anything is known of an account; null when nothing is.
SELECT MIN(day) FROM daily WHERE account_id = :account_id

-- name: daily_keys
-- An account's keys: what they were used for since a day, and when last.
SELECT
    key_id,
    CAST(SUM(CASE WHEN day >= :first_day THEN requests ELSE 0 END) AS BIGINT),
    CAST(SUM(CASE WHEN day >= :first_day THEN charged ELSE 0 END) AS BIGINT),
    CAST(SUM(CASE WHEN day >= :first_day THEN charged_micros ELSE 0 END) AS BIGINT),
    MAX(last_at)
FROM daily
WHERE account_id = :account_id
GROUP BY key_id
ORDER BY key_id
