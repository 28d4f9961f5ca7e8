-- name: clock_sqlite
-- The database's time as micro-seconds, day and month, all UTC; `shift` (seconds) is 0 outside tests.
SELECT
    CAST(ROUND(unixepoch('now', 'subsec', :shift || ' seconds') * 1000) AS INTEGER) * 1000,
    strftime('%Y-%m-%d', 'now', :shift || ' seconds'),
    strftime('%Y-%m', 'now', :shift || ' seconds')

-- name: schema_version
-- The newest step of the schema that this database has.
SELECT COALESCE(MAX(version), 0) FROM schema_version

-- name: schema_create
-- The table that remembers the steps.
CREATE TABLE IF NOT EXISTS schema_version (version BIGINT NOT NULL, PRIMARY KEY (version))

-- name: schema_step
-- One step was taken.
INSERT INTO schema_version (version) VALUES (:version)
