-- Times are micro-seconds since 1970, UTC, by the database's clock; money is micro-dollars.
-- Every primary key starts with account_id, so that the tables can be spread over machines by account.
-- (Nodes and marks belong to no account.)

CREATE TABLE accounts (
    account_id TEXT NOT NULL,
    email TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL CHECK (kind IN ('user', 'operator')),
    status TEXT NOT NULL CHECK (status IN ('active', 'blocked')),
    payment TEXT NOT NULL CHECK (payment IN ('none', 'invoice', 'card')),
    created_at BIGINT NOT NULL,
    PRIMARY KEY (account_id)
);

-- `keys` is a word of SQL in some databases, hence the name.
CREATE TABLE api_keys (
    account_id TEXT NOT NULL,
    key_id TEXT NOT NULL UNIQUE,
    digest TEXT NOT NULL UNIQUE,
    hint TEXT NOT NULL,
    name TEXT NOT NULL,
    mode TEXT NOT NULL CHECK (mode IN ('live', 'test')),
    status TEXT NOT NULL CHECK (status IN ('active', 'revoked', 'deleted')),
    created_at BIGINT NOT NULL,
    PRIMARY KEY (account_id, key_id)
);

-- What is true of the whole database, like which secret its keys were hashed under.
CREATE TABLE marks (
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (name)
);

CREATE TABLE nodes (
    node_id TEXT NOT NULL,
    started_at BIGINT NOT NULL,
    PRIMARY KEY (node_id)
);

-- The ledger: one row per admitted request, never deleted.
-- price_micros: while reserved what may be charged, then what was.
-- free_limit, slot_limit: the limits in force for it, since operators may change them; slot_limit is null for none.
CREATE TABLE requests (
    account_id TEXT NOT NULL,
    request_id TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    key_id TEXT NOT NULL,
    video_id TEXT,
    kind TEXT NOT NULL CHECK (kind IN ('free', 'paid', 'own', 'test')),
    price_micros BIGINT NOT NULL CHECK (price_micros >= 0 AND (kind = 'paid' OR price_micros = 0)),
    free_limit BIGINT NOT NULL,
    slot_limit BIGINT,
    month TEXT NOT NULL,
    day TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('reserved', 'posted', 'voided', 'expired')),
    reason TEXT NOT NULL,
    node_id TEXT NOT NULL,
    deadline BIGINT NOT NULL,
    admitted_at BIGINT NOT NULL,
    ended_at BIGINT CHECK ((state = 'reserved') = (ended_at IS NULL)),
    PRIMARY KEY (account_id, request_id)
);

-- The requests in flight, few whatever the size of the ledger. Slots and pending requests are counted here and
-- nowhere else, so that no counter can be left behind by a crash.
CREATE INDEX requests_reserved ON requests (account_id, endpoint, month, kind, node_id, deadline)
    WHERE state = 'reserved';

CREATE INDEX requests_by_time ON requests (account_id, admitted_at, request_id);

-- The sums of the posted rows.
CREATE TABLE usage (
    account_id TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    month TEXT NOT NULL,
    free_posted BIGINT NOT NULL,
    paid_posted BIGINT NOT NULL,
    own_posted BIGINT NOT NULL,
    test_posted BIGINT NOT NULL,
    charged_micros BIGINT NOT NULL,
    PRIMARY KEY (account_id, endpoint, month)
);
