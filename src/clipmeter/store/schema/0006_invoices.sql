-- Invoices, what is on them, and what the operator gave back.

-- `operator_block`: 1 when the operator has blocked it. An account is blocked when that is so, or an invoice has failed.
ALTER TABLE accounts ADD COLUMN operator_block BIGINT NOT NULL DEFAULT 0;
UPDATE accounts SET operator_block = 1 WHERE status = 'blocked';

-- `number`: 0 for the one of the month's end, 1 and up for those within the month. Money in micro-dollars but for
-- `amount_cents`, which is what the card is asked for. `tries`: how often Stripe answered with a fault of its own, since
-- it repeats that answer to a repeated key. Tickets as in `cards`.
CREATE TABLE invoices (
    account_id TEXT NOT NULL,
    invoice_id TEXT NOT NULL UNIQUE,
    month TEXT NOT NULL,
    number BIGINT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('draft', 'sending', 'open', 'failed', 'paid', 'void', 'carried')),
    amount_cents BIGINT NOT NULL,
    credit_micros BIGINT NOT NULL,
    stripe_id TEXT NOT NULL,
    stripe_number TEXT NOT NULL,
    pay_url TEXT NOT NULL,
    problem TEXT NOT NULL,
    tries BIGINT NOT NULL,
    ticket BIGINT NOT NULL,
    applied BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    PRIMARY KEY (account_id, invoice_id)
);
CREATE UNIQUE INDEX invoices_of_month ON invoices (account_id, month, number);
CREATE INDEX invoices_unfinished ON invoices (state) WHERE state IN ('draft', 'sending', 'open', 'failed');
CREATE INDEX invoices_at_stripe ON invoices (stripe_id) WHERE stripe_id <> '';

-- One per endpoint, and one more for each earlier month of which something ended too late for that month's invoice.
-- charged: the ledger's sum for the line; carried_in: what the endpoint's line before it left below a cent, or below
-- the least that a card can be asked for; charged + carried_in = credit + cents * 10000 + carried_out.
CREATE TABLE invoice_lines (
    account_id TEXT NOT NULL,
    invoice_id TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    month TEXT NOT NULL,
    requests BIGINT NOT NULL,
    charged_micros BIGINT NOT NULL,
    carried_in_micros BIGINT NOT NULL,
    credit_micros BIGINT NOT NULL,
    carried_out_micros BIGINT NOT NULL,
    cents BIGINT NOT NULL,
    PRIMARY KEY (account_id, invoice_id, endpoint, month)
);

-- What the operator gave. A credit is used up by the `credit_micros` of invoices; a refund names the invoice that it
-- pays back (else ""), and is 'reserved' until Stripe has it, 'voided' when Stripe refused (`problem`).
CREATE TABLE credits (
    account_id TEXT NOT NULL,
    credit_id TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL CHECK (kind IN ('credit', 'refund')),
    micros BIGINT NOT NULL CHECK (micros > 0),
    reason TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('reserved', 'posted', 'voided')),
    invoice_id TEXT NOT NULL,
    stripe_id TEXT NOT NULL,
    problem TEXT NOT NULL,
    tries BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (account_id, credit_id)
);
CREATE INDEX credits_reserved ON credits (state) WHERE state = 'reserved';
