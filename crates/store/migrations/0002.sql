-- Sending that can be trusted: every kind of message, what can still be undone, what goes out later, every attempt, and
-- how many replies are left.

CREATE TABLE outbox_now (
    message_id       INTEGER PRIMARY KEY,
    conversation_id  INTEGER NOT NULL REFERENCES conversation (id) ON DELETE CASCADE,
    account_id       INTEGER NOT NULL,
    position         INTEGER NOT NULL,                      -- order within the lane
    outgoing         TEXT    NOT NULL,                      -- model::Outgoing as JSON
    quoted_remote_id TEXT,
    state            TEXT    NOT NULL CHECK (state IN ('held', 'queued', 'sending', 'refused', 'stopped', 'checking', 'undecided')),
    attempt          INTEGER NOT NULL DEFAULT 0,
    started_at_ms    INTEGER,                               -- server time of the newest attempt
    not_before_ms    INTEGER NOT NULL DEFAULT 0,            -- while held: when it is queued
    waiting          TEXT,                                  -- model::WaitReason as JSON
    refusal          TEXT,                                  -- model::Refusal as JSON
    stopped          TEXT,                                  -- model::StopReason as JSON
    checks           INTEGER NOT NULL DEFAULT 0,            -- listings read since started_at_ms without finding it
    seen_up_to_ms    INTEGER NOT NULL                       -- the newest listed message on screen when the agent pressed Send
) STRICT;

INSERT INTO outbox_now (message_id, conversation_id, account_id, position, outgoing, quoted_remote_id, state, attempt, started_at_ms, not_before_ms, waiting, refusal, checks, seen_up_to_ms)
    SELECT message_id, conversation_id, account_id, position, json_object('type', 'text', 'body', body), quoted_remote_id, state, attempt, started_at_ms, not_before_ms, waiting, refusal, checks,
        coalesce((SELECT sent_at_ms FROM message WHERE id = message_id), 0) FROM outbox;
DROP TABLE outbox;
ALTER TABLE outbox_now RENAME TO outbox;
CREATE UNIQUE INDEX outbox_lane ON outbox (conversation_id, position);

-- Every call made for a message of ours, for "Why did it not send?". Pruned after a while.
CREATE TABLE attempt (
    id            INTEGER PRIMARY KEY,
    message_id    INTEGER NOT NULL,
    started_at_ms INTEGER NOT NULL,
    ended_at_ms   INTEGER,                                  -- none if Deskbell ended meanwhile
    outcome       TEXT    NOT NULL CHECK (outcome IN ('interrupted', 'sent', 'notTaken', 'refused', 'unknown')),
    code          INTEGER,
    message       TEXT    NOT NULL DEFAULT '',              -- TikTok's words, or the system's
    request_id    TEXT,
    answer        TEXT                                      -- as it came, shortened, secrets taken out
) STRICT;

CREATE INDEX attempt_by_message ON attempt (message_id, id);

-- Presses of Send that were taken already, so that a repeated one queues nothing. Pruned after a day.
CREATE TABLE press (
    key        TEXT    PRIMARY KEY,
    messages   TEXT    NOT NULL,                            -- JSON array of message ids
    pressed_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Pictures on their way to TikTok: a send waits for its row. Repeating an upload is harmless.
CREATE TABLE upload (
    account_id    INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    key           TEXT    NOT NULL,                         -- in the media vault
    media_id      TEXT,                                     -- none until TikTok gave one
    expires_at_ms INTEGER NOT NULL DEFAULT 0,
    attempt       INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (account_id, key)
) STRICT, WITHOUT ROWID;

-- Replies to be sent later. They become ordinary replies when their time has come.
CREATE TABLE scheduled (
    id              INTEGER PRIMARY KEY,
    account_id      INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    conversation_id INTEGER NOT NULL REFERENCES conversation (id) ON DELETE CASCADE,
    body            TEXT    NOT NULL,
    quoted_id       INTEGER,
    attachment      TEXT,                                   -- key in the media vault
    due_at_ms       INTEGER NOT NULL,
    seen_up_to_ms   INTEGER NOT NULL,
    stopped         TEXT                                    -- model::StopReason as JSON
) STRICT;

CREATE INDEX scheduled_by_time         ON scheduled (due_at_ms) WHERE stopped IS NULL;
CREATE INDEX scheduled_of_conversation ON scheduled (conversation_id, due_at_ms);
CREATE INDEX scheduled_of_account      ON scheduled (account_id, due_at_ms);

-- Drafts, one for each account, conversation and mode.
CREATE TABLE draft_now (
    account_id      INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    conversation_id INTEGER NOT NULL REFERENCES conversation (id) ON DELETE CASCADE,
    mode            TEXT    NOT NULL CHECK (mode IN ('reply', 'card')),
    body            TEXT    NOT NULL,                       -- of a card: model::Card as JSON
    quoted_id       INTEGER,
    attachment      TEXT,                                   -- key in the media vault
    updated_at_ms   INTEGER NOT NULL,
    PRIMARY KEY (account_id, conversation_id, mode)
) STRICT, WITHOUT ROWID;

INSERT INTO draft_now (account_id, conversation_id, mode, body, updated_at_ms)
    SELECT account_id, conversation_id, 'reply', body, updated_at_ms FROM draft JOIN conversation ON id = conversation_id;
DROP TABLE draft;
ALTER TABLE draft_now RENAME TO draft;

-- The account's own posts, as last fetched.
CREATE TABLE post (
    account_id   INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    item_id      TEXT    NOT NULL,
    caption      TEXT    NOT NULL,
    embed_url    TEXT    NOT NULL,
    cover        TEXT,                                      -- key in the media vault
    posted_at_ms INTEGER,
    PRIMARY KEY (account_id, item_id)
) STRICT, WITHOUT ROWID;

ALTER TABLE account ADD COLUMN mark_read           TEXT    NOT NULL DEFAULT 'onReply' CHECK (mark_read IN ('onReply', 'onOpen', 'byHand'));
ALTER TABLE account ADD COLUMN posts_fetched_at_ms INTEGER;

ALTER TABLE conversation ADD COLUMN sent             INTEGER NOT NULL DEFAULT 0;  -- replies within 48 h of the customer's newest message
ALTER TABLE conversation ADD COLUMN sent_late        INTEGER NOT NULL DEFAULT 0;  -- replies after that
ALTER TABLE conversation ADD COLUMN engaged          INTEGER NOT NULL DEFAULT 0;  -- the customer has answered a reply
ALTER TABLE conversation ADD COLUMN scheduled        INTEGER NOT NULL DEFAULT 0;
ALTER TABLE conversation ADD COLUMN images           INTEGER;                     -- whether TikTok takes pictures here
ALTER TABLE conversation ADD COLUMN images_asked_ms  INTEGER NOT NULL DEFAULT 0;
ALTER TABLE conversation ADD COLUMN read_owed        INTEGER NOT NULL DEFAULT 0;  -- TikTok is still to be told that it was read

UPDATE conversation SET
    sent      = (SELECT count(*) FROM message m WHERE m.conversation_id = conversation.id AND outgoing = 1 AND auto_type IS NULL AND sent_at_ms > window_opened_at_ms AND sent_at_ms < window_opened_at_ms + 172800000
                 AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.message_id = m.id AND o.state = 'refused')),
    sent_late = (SELECT count(*) FROM message m WHERE m.conversation_id = conversation.id AND outgoing = 1 AND auto_type IS NULL AND sent_at_ms >= window_opened_at_ms + 172800000
                 AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.message_id = m.id AND o.state = 'refused')),
    engaged   = EXISTS (SELECT 1 FROM message m WHERE m.conversation_id = conversation.id AND outgoing = 1 AND auto_type IS NULL AND listed = 1 AND sent_at_ms < window_opened_at_ms)
    WHERE window_opened_at_ms IS NOT NULL;

CREATE INDEX conversation_read_owed ON conversation (account_id) WHERE read_owed = 1;
