-- What PostgreSQL needs beside the steps; run after them at each migration, so it must be repeatable.

-- The database's time: micro-seconds since 1970, the same for all queries of a transaction. Tests shift it.
CREATE OR REPLACE FUNCTION clock_micros() RETURNS BIGINT LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT (EXTRACT(EPOCH FROM transaction_timestamp()) * 1000000)::BIGINT
        + COALESCE(NULLIF(current_setting('clipmeter.shift', true), ''), '0')::BIGINT
$$;

CREATE OR REPLACE FUNCTION utc_day(at_micros BIGINT) RETURNS TEXT LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT to_char(timestamp '1970-01-01' + at_micros * interval '1 microsecond', 'YYYY-MM-DD')
$$;

-- Rows that are updated again and again: with room on their page the indexes need no new entry.
ALTER TABLE usage SET (fillfactor = 60);
ALTER TABLE spend SET (fillfactor = 60);
ALTER TABLE accounts SET (fillfactor = 60);
ALTER TABLE requests SET (autovacuum_vacuum_scale_factor = 0.02);
ALTER TABLE daily SET (fillfactor = 60);
ALTER TABLE endpoint_health SET (fillfactor = 60);
