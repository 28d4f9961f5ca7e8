-- Cards, as Stripe has them, and the events that Stripe has told of.

-- `payment_method`: "" for no card. Tickets are drawn before Stripe is asked for an account's card; what is told under
-- ticket n is written unless a later ticket's answer was written already (`applied`), so that no old state comes last.
CREATE TABLE cards (
    account_id TEXT NOT NULL,
    customer_id TEXT NOT NULL UNIQUE,
    payment_method TEXT NOT NULL,
    brand TEXT NOT NULL,
    last4 TEXT NOT NULL,
    exp_month BIGINT NOT NULL,
    exp_year BIGINT NOT NULL,
    ticket BIGINT NOT NULL,
    applied BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (account_id)
);

-- `created_at`: Unix seconds, as Stripe says. `outcome`: what was done about it.
CREATE TABLE stripe_events (
    event_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    received_at BIGINT NOT NULL,
    outcome TEXT NOT NULL,
    PRIMARY KEY (event_id)
);
