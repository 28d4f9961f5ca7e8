-- People who log in: passwords, sessions, tokens sent by e-mail, invitations, and messages that wait to be sent.

-- `password`: an argon2id hash, "" for none. `deleted_at`: personal data is gone, the ledger stays.
ALTER TABLE accounts ADD COLUMN password TEXT NOT NULL DEFAULT '';
ALTER TABLE accounts ADD COLUMN confirmed_at BIGINT;
ALTER TABLE accounts ADD COLUMN deleted_at BIGINT;

-- `digest`: of the token in the visitor's cookie. `agent`: the browser as it names itself.
CREATE TABLE sessions (
    account_id TEXT NOT NULL,
    digest TEXT NOT NULL UNIQUE,
    agent TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (account_id, digest)
);

-- Good once, until `expires_at`. `email`: the address it was sent to.
CREATE TABLE tokens (
    account_id TEXT NOT NULL,
    digest TEXT NOT NULL UNIQUE,
    purpose TEXT NOT NULL CHECK (purpose IN ('confirm', 'reset')),
    email TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (account_id, digest)
);

-- `account_id`: who used it; null while nobody has.
CREATE TABLE invites (
    digest TEXT NOT NULL,
    note TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    account_id TEXT,
    PRIMARY KEY (digest)
);

-- Failed log-ins and other things that may be tried only so often. `scope`: what is counted, like an address.
CREATE TABLE attempts (
    scope TEXT NOT NULL,
    failures BIGINT NOT NULL,
    until BIGINT NOT NULL,
    PRIMARY KEY (scope)
);

-- Log-ins by OpenID Connect.
CREATE TABLE identities (
    account_id TEXT NOT NULL,
    issuer TEXT NOT NULL,
    subject TEXT NOT NULL,
    PRIMARY KEY (account_id, issuer),
    UNIQUE (issuer, subject)
);

-- Written in the transaction of what they tell of, sent afterwards. `problem`: why the last try failed.
CREATE TABLE messages (
    account_id TEXT NOT NULL,
    message_id TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('email', 'webhook')),
    recipient TEXT NOT NULL,
    subject TEXT NOT NULL,
    body TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    tries BIGINT NOT NULL,
    sent_at BIGINT,
    problem TEXT NOT NULL,
    PRIMARY KEY (account_id, message_id)
);
CREATE INDEX messages_due ON messages (due_at) WHERE sent_at IS NULL;
