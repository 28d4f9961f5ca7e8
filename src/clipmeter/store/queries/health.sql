-- name: health_add
-- What a source did in an hour, added to what it did before.
INSERT INTO source_health (
    hour, lane, source, code, tries, total_ms, max_ms,
    bucket_a, bucket_b, bucket_c, bucket_d, bucket_e, bucket_f,
    bucket_g, bucket_h, bucket_i, bucket_j, bucket_k, bucket_l
)
VALUES (
    :hour, :lane, :source, :code, :tries, :total_ms, :max_ms,
    :bucket_a, :bucket_b, :bucket_c, :bucket_d, :bucket_e, :bucket_f,
    :bucket_g, :bucket_h, :bucket_i, :bucket_j, :bucket_k, :bucket_l
)
ON CONFLICT (hour, lane, source, code) DO UPDATE SET
    max_ms = CASE WHEN excluded.max_ms > source_health.max_ms THEN excluded.max_ms ELSE source_health.max_ms END,
    tries = source_health.tries + excluded.tries,
    total_ms = source_health.total_ms + excluded.total_ms,
    bucket_a = source_health.bucket_a + excluded.bucket_a,
    bucket_b = source_health.bucket_b + excluded.bucket_b,
    bucket_c = source_health.bucket_c + excluded.bucket_c,
    bucket_d = source_health.bucket_d + excluded.bucket_d,
    bucket_e = source_health.bucket_e + excluded.bucket_e,
    bucket_f = source_health.bucket_f + excluded.bucket_f,
    bucket_g = source_health.bucket_g + excluded.bucket_g,
    bucket_h = source_health.bucket_h + excluded.bucket_h,
    bucket_i = source_health.bucket_i + excluded.bucket_i,
    bucket_j = source_health.bucket_j + excluded.bucket_j,
    bucket_k = source_health.bucket_k + excluded.bucket_k,
    bucket_l = source_health.bucket_l + excluded.bucket_l

-- name: health_since
-- What the sources did since an hour, oldest first.
SELECT hour, lane, source, code, tries, total_ms, max_ms FROM source_health
WHERE hour >= :hour
ORDER BY hour, lane, source, code

-- name: health_days
-- What the sources did in one lane, by day since 1970, from an hour on.
SELECT
    hour / 24,
    source,
    code,
    CAST(SUM(tries) AS BIGINT),
    CAST(SUM(total_ms) AS BIGINT),
    MAX(max_ms),
    CAST(SUM(bucket_a) AS BIGINT), CAST(SUM(bucket_b) AS BIGINT), CAST(SUM(bucket_c) AS BIGINT),
    CAST(SUM(bucket_d) AS BIGINT), CAST(SUM(bucket_e) AS BIGINT), CAST(SUM(bucket_f) AS BIGINT),
    CAST(SUM(bucket_g) AS BIGINT), CAST(SUM(bucket_h) AS BIGINT), CAST(SUM(bucket_i) AS BIGINT),
    CAST(SUM(bucket_j) AS BIGINT), CAST(SUM(bucket_k) AS BIGINT), CAST(SUM(bucket_l) AS BIGINT)
FROM source_health
WHERE hour >= :hour AND lane = :lane
GROUP BY 1, 2, 3
ORDER BY 1, 2, 3

-- name: health_prune
-- Delete what is older than it may be.
DELETE FROM source_health WHERE hour < :hour

-- name: served_add
-- What an endpoint did in an hour, added to what it did before.
INSERT INTO endpoint_health (
    hour, lane, endpoint, code, requests, total_ms, max_ms,
    bucket_a, bucket_b, bucket_c, bucket_d, bucket_e, bucket_f,
    bucket_g, bucket_h, bucket_i, bucket_j, bucket_k, bucket_l
)
VALUES (
    :hour, :lane, :endpoint, :code, :requests, :total_ms, :max_ms,
    :bucket_a, :bucket_b, :bucket_c, :bucket_d, :bucket_e, :bucket_f,
    :bucket_g, :bucket_h, :bucket_i, :bucket_j, :bucket_k, :bucket_l
)
ON CONFLICT (hour, lane, endpoint, code) DO UPDATE SET
    max_ms = CASE WHEN excluded.max_ms > endpoint_health.max_ms THEN excluded.max_ms ELSE endpoint_health.max_ms END,
    requests = endpoint_health.requests + excluded.requests,
    total_ms = endpoint_health.total_ms + excluded.total_ms,
    bucket_a = endpoint_health.bucket_a + excluded.bucket_a,
    bucket_b = endpoint_health.bucket_b + excluded.bucket_b,
    bucket_c = endpoint_health.bucket_c + excluded.bucket_c,
    bucket_d = endpoint_health.bucket_d + excluded.bucket_d,
    bucket_e = endpoint_health.bucket_e + excluded.bucket_e,
    bucket_f = endpoint_health.bucket_f + excluded.bucket_f,
    bucket_g = endpoint_health.bucket_g + excluded.bucket_g,
    bucket_h = endpoint_health.bucket_h + excluded.bucket_h,
    bucket_i = endpoint_health.bucket_i + excluded.bucket_i,
    bucket_j = endpoint_health.bucket_j + excluded.bucket_j,
    bucket_k = endpoint_health.bucket_k + excluded.bucket_k,
    bucket_l = endpoint_health.bucket_l + excluded.bucket_l

-- name: served_days
-- What the endpoints did in one lane, by day since 1970, from an hour on.
SELECT
    hour / 24,
    endpoint,
    code,
    CAST(SUM(requests) AS BIGINT),
    CAST(SUM(total_ms) AS BIGINT),
    MAX(max_ms),
    CAST(SUM(bucket_a) AS BIGINT), CAST(SUM(bucket_b) AS BIGINT), CAST(SUM(bucket_c) AS BIGINT),
    CAST(SUM(bucket_d) AS BIGINT), CAST(SUM(bucket_e) AS BIGINT), CAST(SUM(bucket_f) AS BIGINT),
    CAST(SUM(bucket_g) AS BIGINT), CAST(SUM(bucket_h) AS BIGINT), CAST(SUM(bucket_i) AS BIGINT),
    CAST(SUM(bucket_j) AS BIGINT), CAST(SUM(bucket_k) AS BIGINT), CAST(SUM(bucket_l) AS BIGINT)
FROM endpoint_health
WHERE hour >= :hour AND lane = :lane
GROUP BY 1, 2, 3
ORDER BY 1, 2, 3

-- name: served_prune
-- Delete what is older than it may be.
DELETE FROM endpoint_health WHERE hour < :hour
