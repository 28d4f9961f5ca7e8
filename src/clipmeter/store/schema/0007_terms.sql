-- Prices, free tiers and concurrency that differ from the settings, and alerts.

-- `account_id` "" is for all accounts, before the settings; an account's own row goes before that. null: as without it.
CREATE TABLE terms (
    account_id TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    price_micros BIGINT CHECK (price_micros >= 0),
    free_requests BIGINT CHECK (free_requests >= 0),
    concurrency BIGINT CHECK (concurrency >= 1),
    PRIMARY KEY (account_id, endpoint)
);

-- Where an account wants to be told of its spending besides by e-mail: "" for nowhere.
ALTER TABLE accounts ADD COLUMN alert_url TEXT NOT NULL DEFAULT '';

-- Which share of a limit was told of: `period` a day or month, `percent` 50, 75 or 100.
CREATE TABLE alerts (
    account_id TEXT NOT NULL,
    period TEXT NOT NULL,
    limit_micros BIGINT NOT NULL,
    percent BIGINT NOT NULL,
    told_at BIGINT NOT NULL,
    PRIMARY KEY (account_id, period, limit_micros, percent)
);

-- The accounts that may have to be told.
CREATE INDEX accounts_limited ON accounts (account_id)
    WHERE daily_limit_micros IS NOT NULL OR monthly_limit_micros IS NOT NULL;
