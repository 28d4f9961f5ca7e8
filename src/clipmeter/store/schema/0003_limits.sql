-- Spending limits, answers kept for a repeat, and heartbeats.

-- Micro-dollars per UTC day and calendar month; null: no limit.
ALTER TABLE accounts ADD COLUMN daily_limit_micros BIGINT CHECK (daily_limit_micros >= 0);
ALTER TABLE accounts ADD COLUMN monthly_limit_micros BIGINT CHECK (monthly_limit_micros >= 0);
ALTER TABLE api_keys ADD COLUMN monthly_limit_micros BIGINT CHECK (monthly_limit_micros >= 0);

-- Of a node that says by heartbeats that it lives: the last one.
ALTER TABLE nodes ADD COLUMN beat_at BIGINT NOT NULL DEFAULT 0;

-- The spending limits in force when a request was posted.
ALTER TABLE requests ADD COLUMN daily_limit BIGINT;
ALTER TABLE requests ADD COLUMN monthly_limit BIGINT;
ALTER TABLE requests ADD COLUMN key_limit BIGINT;

-- What the posted rows of a day and key were charged, for the spending limits.
CREATE TABLE spend (
    account_id TEXT NOT NULL,
    day TEXT NOT NULL,
    key_id TEXT NOT NULL,
    charged_micros BIGINT NOT NULL,
    PRIMARY KEY (account_id, day, key_id)
);
INSERT INTO spend (account_id, day, key_id, charged_micros)
SELECT account_id, day, key_id, SUM(price_micros) FROM requests
WHERE state = 'posted' AND price_micros > 0
GROUP BY account_id, day, key_id;

-- What was answered under an Idempotency-Key. `scope`: the endpoint and the key's mode; `asked`: a fingerprint of the
-- parameters; `body` is null until the request is posted, and for ever when it fails; `fetched_at`: Unix seconds.
CREATE TABLE replays (
    account_id TEXT NOT NULL,
    scope TEXT NOT NULL,
    idempotency_key TEXT NOT NULL,
    asked TEXT NOT NULL,
    request_id TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    body TEXT,
    fetched_at BIGINT,
    PRIMARY KEY (account_id, scope, idempotency_key)
);

-- For deleting what is too old.
CREATE INDEX replays_by_age ON replays (created_at);
