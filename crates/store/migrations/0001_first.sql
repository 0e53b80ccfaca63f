-- One dialect for SQLite and PostgreSQL: TEXT, BIGINT and DOUBLE PRECISION only. Times are
-- milliseconds since 1970 in UTC, truths are 0 or 1, JSON is text that the program reads.

CREATE TABLE accounts (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    plan TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

-- Of a key only its hash is kept.
CREATE TABLE api_keys (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    hash TEXT NOT NULL UNIQUE,
    hint TEXT NOT NULL,
    scopes TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    last_used_at BIGINT,
    revoked_at BIGINT
);
CREATE INDEX api_keys_of_account ON api_keys (account_id, created_at);

CREATE TABLE bots (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    description TEXT,
    configuration TEXT NOT NULL,
    is_disabled BIGINT NOT NULL DEFAULT 0,
    idle_ms BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX bots_of_account ON bots (account_id, created_at, id);

-- `source` names the document within its bot: what its owner calls it, or what its bytes and
-- its title make of it. `title` is its owner's word, `found_title` what was found in it.
CREATE TABLE documents (
    id TEXT NOT NULL,
    bot_id TEXT NOT NULL REFERENCES bots (id) ON DELETE CASCADE,
    source TEXT NOT NULL,
    title TEXT,
    found_title TEXT,
    metadata TEXT NOT NULL,
    content_hash TEXT NOT NULL,
    bytes BIGINT NOT NULL,
    media_type TEXT NOT NULL,
    status TEXT NOT NULL,
    trained_hash TEXT,
    pages BIGINT NOT NULL DEFAULT 0,
    chunks BIGINT NOT NULL DEFAULT 0,
    pages_without_text TEXT NOT NULL DEFAULT '[]',
    warnings TEXT NOT NULL DEFAULT '[]',
    duplicate_of TEXT,
    error_code TEXT,
    error_message TEXT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (bot_id, id)
);
CREATE INDEX documents_by_content ON documents (content_hash);
CREATE INDEX documents_by_trained_content ON documents (trained_hash);
CREATE INDEX documents_in_order ON documents (bot_id, created_at, id);

-- A job belongs to whoever leased it until `lease_until`; then it is anyone's again.
CREATE TABLE jobs (
    id TEXT PRIMARY KEY,
    bot_id TEXT NOT NULL,
    document_id TEXT,
    kind TEXT NOT NULL,
    status TEXT NOT NULL,
    attempts BIGINT NOT NULL DEFAULT 0,
    pages_done BIGINT NOT NULL DEFAULT 0,
    pages_total BIGINT NOT NULL DEFAULT 0,
    not_before BIGINT NOT NULL,
    lease_owner TEXT,
    lease_until BIGINT,
    error_code TEXT,
    error_message TEXT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    finished_at BIGINT
);
CREATE INDEX jobs_waiting ON jobs (status, not_before, created_at);
CREATE INDEX jobs_of_bot ON jobs (bot_id, created_at);
CREATE INDEX jobs_of_document ON jobs (bot_id, document_id, created_at);
-- Few of all jobs: what asks for them repeats the condition.
CREATE INDEX jobs_not_done ON jobs (bot_id, kind, created_at, id) WHERE status <> 'done';
CREATE INDEX jobs_running ON jobs (bot_id, lease_until) WHERE status = 'running';
CREATE INDEX jobs_ended ON jobs (finished_at) WHERE finished_at IS NOT NULL;

-- Hashes of stored bytes that may be nobody's from `due_at` on, and when the job has ended.
CREATE TABLE gone (
    hash TEXT NOT NULL,
    bot_id TEXT NOT NULL,
    job_id TEXT,
    due_at BIGINT NOT NULL,
    PRIMARY KEY (hash, bot_id)
);
CREATE INDEX gone_of_bot ON gone (bot_id, job_id);

CREATE TABLE conversations (
    id TEXT PRIMARY KEY,
    bot_id TEXT NOT NULL REFERENCES bots (id) ON DELETE CASCADE,
    user_id TEXT,
    metadata TEXT NOT NULL,
    messages BIGINT NOT NULL,
    started_at BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    idle_at BIGINT NOT NULL,
    ended_at BIGINT,
    end_reason TEXT
);
CREATE INDEX conversations_of_bot ON conversations (bot_id, started_at, id);
CREATE INDEX conversations_idle ON conversations (ended_at, idle_at);

-- The columns after `created_at` are of replies alone, but for `question_key`, which is of what
-- users say.
CREATE TABLE messages (
    id TEXT PRIMARY KEY,
    conversation_id TEXT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    bot_id TEXT NOT NULL,
    position BIGINT NOT NULL,
    role TEXT NOT NULL,
    content TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    kind TEXT,
    answered BIGINT,
    confidence DOUBLE PRECISION,
    sources TEXT,
    response_ms BIGINT,
    question_key TEXT,
    rating BIGINT,
    rating_comment TEXT,
    rated_at BIGINT,
    UNIQUE (conversation_id, position)
);
CREATE INDEX messages_of_bot ON messages (bot_id, created_at);

CREATE TABLE usage (
    account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    month TEXT NOT NULL,
    messages BIGINT NOT NULL,
    warned BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (account_id, month)
);

-- How many requests of a key's window are spent.
CREATE TABLE rate_windows (
    key_id TEXT PRIMARY KEY REFERENCES api_keys (id) ON DELETE CASCADE,
    tokens DOUBLE PRECISION NOT NULL,
    updated_at BIGINT NOT NULL
);

CREATE TABLE webhooks (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    url TEXT NOT NULL,
    events TEXT NOT NULL,
    secret TEXT NOT NULL,
    old_secret TEXT,
    old_secret_until BIGINT,
    disabled_at BIGINT,
    disabled_reason TEXT,
    created_at BIGINT NOT NULL
);
CREATE INDEX webhooks_of_account ON webhooks (account_id, created_at);

-- What is still to be told to a webhook, and what was: one row for each event and webhook.
CREATE TABLE outbox (
    id TEXT PRIMARY KEY,
    event_id TEXT NOT NULL,
    webhook_id TEXT NOT NULL REFERENCES webhooks (id) ON DELETE CASCADE,
    event TEXT NOT NULL,
    body TEXT NOT NULL,
    status TEXT NOT NULL,
    attempts BIGINT NOT NULL DEFAULT 0,
    next_at BIGINT NOT NULL,
    lease_until BIGINT,
    created_at BIGINT NOT NULL,
    finished_at BIGINT
);
CREATE INDEX outbox_waiting ON outbox (webhook_id, next_at, id) WHERE status = 'waiting';
CREATE INDEX outbox_leased ON outbox (lease_until) WHERE lease_until IS NOT NULL;
CREATE INDEX outbox_ended ON outbox (finished_at) WHERE finished_at IS NOT NULL;
CREATE INDEX outbox_of_webhook ON outbox (webhook_id, created_at);

-- Webhooks that failed just now, and until when they are told nothing.
CREATE TABLE outbox_rests (
    webhook_id TEXT PRIMARY KEY REFERENCES webhooks (id) ON DELETE CASCADE,
    until BIGINT NOT NULL
);

-- Each attempt to deliver.
CREATE TABLE deliveries (
    id TEXT PRIMARY KEY,
    outbox_id TEXT NOT NULL REFERENCES outbox (id) ON DELETE CASCADE,
    webhook_id TEXT NOT NULL,
    attempt BIGINT NOT NULL,
    status_code BIGINT,
    error TEXT,
    took_ms BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX deliveries_of_outbox ON deliveries (outbox_id, id);
CREATE INDEX deliveries_of_webhook ON deliveries (webhook_id, created_at, id);

CREATE TABLE idempotency (
    account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    key TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    status BIGINT,
    body TEXT,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (account_id, key)
);
CREATE INDEX idempotency_by_age ON idempotency (created_at);

CREATE TABLE audit (
    id TEXT PRIMARY KEY,
    account_id TEXT,
    actor TEXT NOT NULL,
    act TEXT NOT NULL,
    target TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX audit_of_account ON audit (account_id, created_at);
