-- name: schema_version
-- The newest step of the schema that this database has.
SELECT COALESCE(MAX(version), 0) FROM schema_version

-- name: schema_create
-- The table that remembers the steps.
CREATE TABLE IF NOT EXISTS schema_version (version BIGINT NOT NULL, PRIMARY KEY (version))

-- name: schema_step
-- One step was taken.
INSERT INTO schema_version (version) VALUES (:version)
