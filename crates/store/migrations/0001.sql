-- The first schema. Its shape follows what was measured: messages clustered by conversation so that opening one is a
-- single range read, a covering index for each list, the last line kept in the conversation's row, counts kept by
-- triggers, and a contentless full-text index whose rowids grow with time so that the newest hits come first.

CREATE TABLE account (
    id                    INTEGER PRIMARY KEY,
    remote_id             TEXT    NOT NULL UNIQUE,          -- TikTok's business_id
    handle                TEXT    NOT NULL,
    display_name          TEXT    NOT NULL,
    avatar                TEXT,                             -- key in the media vault
    scopes                TEXT    NOT NULL,                 -- as granted, comma-separated
    tokens_issued_at_ms   INTEGER NOT NULL,
    access_expires_at_ms  INTEGER NOT NULL,
    refresh_expires_at_ms INTEGER NOT NULL,
    relink                TEXT,                             -- why the account must be linked again
    linked_at_ms          INTEGER NOT NULL,
    synced_at_ms          INTEGER,                          -- when TikTok was last asked with success
    backfilled            INTEGER NOT NULL DEFAULT 0,       -- whether every listed conversation was fetched once
    open_count            INTEGER NOT NULL DEFAULT 0,       -- kept by the triggers below
    waiting_count         INTEGER NOT NULL DEFAULT 0,
    done_count            INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE person (
    id               INTEGER PRIMARY KEY,
    account_id       INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    remote_id        TEXT    NOT NULL,                      -- TikTok's unique_identifier
    name             TEXT    NOT NULL,
    handle           TEXT,
    avatar           TEXT,                                  -- key in the media vault
    avatar_url       TEXT,                                  -- where it was last said to be
    is_follower      INTEGER,
    first_contact_ms INTEGER,
    UNIQUE (account_id, remote_id)
) STRICT;

CREATE TABLE conversation (
    id                  INTEGER PRIMARY KEY,
    account_id          INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    remote_id           TEXT    NOT NULL,
    kind                TEXT    NOT NULL CHECK (kind IN ('request', 'chat')),
    status              TEXT    NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'done')),
    person_id           INTEGER REFERENCES person (id) ON DELETE SET NULL,
    last_at_ms          INTEGER NOT NULL,
    snippet_kind        TEXT,
    snippet             TEXT    NOT NULL DEFAULT '',
    snippet_out         INTEGER NOT NULL DEFAULT 0,
    waiting             INTEGER NOT NULL DEFAULT 0,         -- a customer's message is unanswered
    unread              INTEGER NOT NULL DEFAULT 0,
    seen_up_to_ms       INTEGER NOT NULL DEFAULT 0,         -- the agent's
    read_up_to_ms       INTEGER NOT NULL DEFAULT 0,         -- the customer's
    window_opened_at_ms INTEGER,                            -- the customer's newest message
    trouble             INTEGER NOT NULL DEFAULT 0,         -- refused or unconfirmed messages of ours
    gaps                INTEGER NOT NULL DEFAULT 0,         -- holes between messages
    draft_line          TEXT,
    origin              TEXT,                               -- model::Origin as JSON
    remote_updated_ms   INTEGER NOT NULL,                   -- as the newest list says
    fetched_updated_ms  INTEGER NOT NULL DEFAULT 0,         -- as of the newest fetch; 0 before the first
    UNIQUE (account_id, remote_id)
) STRICT;

CREATE INDEX conversation_by_status  ON conversation (account_id, status, last_at_ms DESC, id DESC);
CREATE INDEX conversation_waiting    ON conversation (account_id, last_at_ms DESC, id DESC) WHERE waiting = 1 AND status = 'open';
CREATE INDEX conversation_to_fetch   ON conversation (account_id, remote_updated_ms DESC) WHERE fetched_updated_ms < remote_updated_ms;

CREATE TRIGGER conversation_counted AFTER INSERT ON conversation BEGIN
    UPDATE account SET
        open_count    = open_count    + (NEW.status = 'open'),
        waiting_count = waiting_count + (NEW.status = 'open' AND NEW.waiting = 1),
        done_count    = done_count    + (NEW.status = 'done')
    WHERE id = NEW.account_id;
END;

CREATE TRIGGER conversation_recounted AFTER UPDATE OF status, waiting ON conversation
WHEN OLD.status <> NEW.status OR OLD.waiting <> NEW.waiting BEGIN
    UPDATE account SET
        open_count    = open_count    + (NEW.status = 'open') - (OLD.status = 'open'),
        waiting_count = waiting_count + (NEW.status = 'open' AND NEW.waiting = 1) - (OLD.status = 'open' AND OLD.waiting = 1),
        done_count    = done_count    + (NEW.status = 'done') - (OLD.status = 'done')
    WHERE id = NEW.account_id;
END;

-- tie orders messages of one millisecond by TikTok's id; it is 0 nearly always.
CREATE TABLE message (
    conversation_id  INTEGER NOT NULL REFERENCES conversation (id) ON DELETE CASCADE,
    sent_at_ms       INTEGER NOT NULL,
    tie              INTEGER NOT NULL DEFAULT 0,
    id               INTEGER NOT NULL,
    account_id       INTEGER NOT NULL,
    remote_id        TEXT,                                  -- none until TikTok gives ours one
    outgoing         INTEGER NOT NULL,
    surface          TEXT    NOT NULL,
    auto_type        TEXT,
    content          TEXT    NOT NULL,                      -- model::Content as JSON
    quoted_remote_id TEXT,
    reactions        TEXT    NOT NULL DEFAULT '[]',         -- JSON array of emoji
    listed           INTEGER NOT NULL,                      -- came by listing: proof that history meets here
    PRIMARY KEY (conversation_id, sent_at_ms, tie, id)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX message_by_id     ON message (id);
CREATE UNIQUE INDEX message_by_remote ON message (account_id, remote_id) WHERE remote_id IS NOT NULL;
-- Ours that TikTok has not named yet: a handful, whatever the length of the conversation.
CREATE INDEX message_unbound ON message (conversation_id) WHERE outgoing = 1 AND remote_id IS NULL;

-- What TikTok said of a message, whole, so that what is not understood today is not lost.
CREATE TABLE message_raw (
    message_id INTEGER PRIMARY KEY,
    raw        TEXT NOT NULL
) STRICT;

-- One row for each message of ours that TikTok has not confirmed. A confirmed one has none.
CREATE TABLE outbox (
    message_id       INTEGER PRIMARY KEY,
    conversation_id  INTEGER NOT NULL REFERENCES conversation (id) ON DELETE CASCADE,
    account_id       INTEGER NOT NULL,
    position         INTEGER NOT NULL,                      -- order within the lane
    body             TEXT    NOT NULL,
    quoted_remote_id TEXT,
    state            TEXT    NOT NULL CHECK (state IN ('queued', 'sending', 'refused', 'checking', 'undecided')),
    attempt          INTEGER NOT NULL DEFAULT 0,
    started_at_ms    INTEGER,                               -- server time of the newest attempt
    not_before_ms    INTEGER NOT NULL DEFAULT 0,
    waiting          TEXT,                                  -- model::WaitReason as JSON
    refusal          TEXT,                                  -- model::Refusal as JSON
    checks           INTEGER NOT NULL DEFAULT 0             -- listings read since started_at_ms without finding it
) STRICT;

CREATE UNIQUE INDEX outbox_lane ON outbox (conversation_id, position);

CREATE TABLE draft (
    conversation_id INTEGER PRIMARY KEY REFERENCES conversation (id) ON DELETE CASCADE,
    body            TEXT    NOT NULL,
    updated_at_ms   INTEGER NOT NULL
) STRICT;

-- Messages may be missing just before this message. Without an older bound it is the start of what TikTok still lists.
CREATE TABLE gap (
    conversation_id INTEGER NOT NULL REFERENCES conversation (id) ON DELETE CASCADE,
    before_id       INTEGER NOT NULL,
    after_id        INTEGER,
    noticed_at_ms   INTEGER NOT NULL,
    PRIMARY KEY (conversation_id, before_id)
) STRICT, WITHOUT ROWID;

-- Where a source left off. Written in the transaction of the rows that justify it.
CREATE TABLE cursor (
    account_id INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    name       TEXT    NOT NULL,
    value      TEXT    NOT NULL,
    PRIMARY KEY (account_id, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE setting (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Pictures kept on disk under their content's hash.
CREATE TABLE media (
    key           TEXT    PRIMARY KEY,                      -- SHA-256 of the kept bytes, lower-case hex
    mime          TEXT    NOT NULL,
    width         INTEGER NOT NULL,
    height        INTEGER NOT NULL,
    size          INTEGER NOT NULL,
    fetched_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Pictures still to be fetched: of a message, or of a person (then message_id is null).
CREATE TABLE media_wanted (
    id            INTEGER PRIMARY KEY,
    account_id    INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    message_id    INTEGER UNIQUE,
    person_id     INTEGER UNIQUE REFERENCES person (id) ON DELETE CASCADE,
    attempt       INTEGER NOT NULL DEFAULT 0,
    not_before_ms INTEGER NOT NULL DEFAULT 0
) STRICT;

-- Folded and segmented by store::search; prefixes of one to three characters answer while the agent types.
CREATE VIRTUAL TABLE search USING fts5 (
    body, content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 0', prefix = '1 2 3'
);
