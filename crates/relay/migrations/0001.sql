-- The relay's tables, in SQL that SQLite and PostgreSQL both understand.
-- Times are milliseconds since the epoch by the relay's clock. Secrets are sealed (`seal.rs`).

-- A shop. Its row is locked by whoever gives out sequences: they are contiguous, and none is visible before an earlier one.
CREATE TABLE team (
    id BIGINT PRIMARY KEY,
    name TEXT NOT NULL,
    -- Made anew whenever the log may have gone back in time: with the tables, and by a restore.
    epoch TEXT NOT NULL,
    -- The newest sequence given; 0 before the first.
    head BIGINT NOT NULL,
    -- The oldest sequence kept; head + 1 if none is.
    tail BIGINT NOT NULL
);

CREATE TABLE event (
    team BIGINT NOT NULL REFERENCES team (id),
    seq BIGINT NOT NULL,
    -- What tells a repetition from another event.
    dedup TEXT NOT NULL,
    kind TEXT NOT NULL,
    -- TikTok's business_id; empty if it is about the whole shop.
    account TEXT NOT NULL,
    at_ms BIGINT NOT NULL,
    -- JSON in UTF-8; bytes, because PostgreSQL takes no NUL in a text.
    body BYTEA NOT NULL,
    PRIMARY KEY (team, seq),
    UNIQUE (team, dedup)
);

CREATE TABLE device (
    id TEXT PRIMARY KEY,
    team BIGINT NOT NULL REFERENCES team (id),
    name TEXT NOT NULL,
    role TEXT NOT NULL,
    -- SHA-256 of its token.
    token_hash BYTEA NOT NULL UNIQUE,
    paired_at_ms BIGINT NOT NULL,
    seen_at_ms BIGINT,
    -- How far its stream has been written.
    read_to BIGINT NOT NULL,
    revoked_at_ms BIGINT
);

CREATE TABLE pairing_code (
    -- A keyed hash of the code: it has too few bits for a plain one.
    code_hash BYTEA PRIMARY KEY,
    -- The same of its first half: who knows that half and guesses the other voids the code.
    prefix_hash BYTEA,
    wrong_tries BIGINT NOT NULL DEFAULT 0,
    team BIGINT NOT NULL REFERENCES team (id),
    role TEXT NOT NULL,
    made_by TEXT NOT NULL,
    made_at_ms BIGINT NOT NULL,
    expires_at_ms BIGINT NOT NULL,
    used_at_ms BIGINT
);

-- Wrong pairing codes of the last minutes.
CREATE TABLE pairing_failure (
    id TEXT PRIMARY KEY,
    -- The network that they came from.
    address TEXT NOT NULL,
    at_ms BIGINT NOT NULL
);
CREATE INDEX pairing_failure_by_time ON pairing_failure (at_ms);

-- Accounts that are being linked in a browser.
CREATE TABLE linking (
    -- SHA-256 of the `state` that comes back from TikTok.
    state_hash BYTEA PRIMARY KEY,
    team BIGINT NOT NULL REFERENCES team (id),
    -- The device that began; empty for the command line.
    device TEXT NOT NULL,
    -- The address that TikTok was told to come back to.
    redirect_uri TEXT NOT NULL,
    began_at_ms BIGINT NOT NULL,
    expires_at_ms BIGINT NOT NULL,
    used_at_ms BIGINT
);

-- The shop's apps at TikTok.
CREATE TABLE app (
    team BIGINT NOT NULL REFERENCES team (id),
    platform TEXT NOT NULL,
    app_id TEXT NOT NULL,
    redirect_uri TEXT NOT NULL,
    -- 1 if TikTok has approved the app for listing posts.
    may_list_posts BIGINT NOT NULL,
    secret BYTEA NOT NULL,
    secret_set_at_ms BIGINT NOT NULL,
    -- It verifies webhooks for as long as TikTok may repeat what was signed with it.
    previous_secret BYTEA,
    previous_until_ms BIGINT,
    PRIMARY KEY (team, platform)
);

CREATE TABLE account (
    -- TikTok's business_id.
    id TEXT PRIMARY KEY,
    team BIGINT NOT NULL REFERENCES team (id),
    handle TEXT NOT NULL,
    name TEXT NOT NULL,
    avatar_url TEXT,
    -- linked, needs_linking, unlinked
    state TEXT NOT NULL,
    linked_at_ms BIGINT NOT NULL,
    scopes TEXT NOT NULL,
    access_token BYTEA,
    refresh_token BYTEA,
    access_expires_at_ms BIGINT NOT NULL,
    refresh_expires_at_ms BIGINT NOT NULL,
    issued_at_ms BIGINT NOT NULL,
    -- One relay process renews at a time: until then it is this one's.
    renewing_until_ms BIGINT NOT NULL,
    renewing_by TEXT NOT NULL
);

-- Sends through the gateway, by the desktop's own key.
CREATE TABLE send (
    device TEXT NOT NULL,
    -- Its name when it sent.
    device_name TEXT NOT NULL DEFAULT '',
    send_key TEXT NOT NULL,
    team BIGINT NOT NULL REFERENCES team (id),
    account TEXT NOT NULL,
    -- TikTok's id; of an answer to a comment `comment:` and the comment's id.
    conversation TEXT NOT NULL,
    -- calling, answered, unconfirmed; withdrawn: it had not arrived when its desktop asked what became of it
    state TEXT NOT NULL,
    -- SHA-256 of what is sent: the same key with other words is refused.
    body_hash BYTEA NOT NULL,
    status BIGINT,
    answer BYTEA,
    -- TikTok's id of the message, once it is known.
    message TEXT,
    -- The sequence of its event, once it ended.
    seq BIGINT,
    began_at_ms BIGINT NOT NULL,
    ended_at_ms BIGINT,
    -- The relay process that makes the call.
    worker TEXT NOT NULL,
    PRIMARY KEY (device, send_key)
);
CREATE INDEX send_under_way ON send (account, conversation, state);
CREATE INDEX send_by_message ON send (account, message);
CREATE INDEX send_by_time ON send (began_at_ms);

-- The relay processes that call TikTok with the shop's app: each takes its part of the app's pace.
CREATE TABLE caller (
    worker TEXT PRIMARY KEY,
    seen_at_ms BIGINT NOT NULL
);

-- The newest thing that a colleague, or the shop by another way, said in a conversation.
CREATE TABLE answered (
    account TEXT NOT NULL,
    conversation TEXT NOT NULL,
    seq BIGINT NOT NULL,
    -- The device that sent it through the gateway; empty if it came by another way.
    device TEXT NOT NULL,
    answered_by TEXT NOT NULL,
    message TEXT NOT NULL,
    PRIMARY KEY (account, conversation)
);

-- Which device sweeps an account's lists.
CREATE TABLE lease (
    account TEXT PRIMARY KEY,
    device TEXT NOT NULL,
    until_ms BIGINT NOT NULL
);

-- Webhooks of accounts that are not linked here, and of events that could not be read, kept for a while.
CREATE TABLE stray (
    dedup TEXT PRIMARY KEY,
    reason TEXT NOT NULL,
    account TEXT NOT NULL,
    received_at_ms BIGINT NOT NULL,
    body BYTEA NOT NULL
);
CREATE INDEX stray_by_time ON stray (received_at_ms);

CREATE TABLE audit (
    id BIGINT PRIMARY KEY,
    team BIGINT NOT NULL REFERENCES team (id),
    at_ms BIGINT NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL
);

CREATE TABLE setting (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
);
