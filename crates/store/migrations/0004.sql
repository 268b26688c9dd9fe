-- What Deskbell and TikTok do by themselves: automatic messages, comments answered by message, rules, saved replies, business
-- hours; and who answers, what is put away, whose a conversation is.

CREATE TABLE agent (
    id     INTEGER PRIMARY KEY,
    name   TEXT    NOT NULL,                                -- as typed; empty until whoever sits here has said
    folded TEXT    NOT NULL UNIQUE,                         -- as search compares it
    me     INTEGER NOT NULL DEFAULT 0,                      -- whoever sits at this computer: exactly one
    away   INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE UNIQUE INDEX agent_me ON agent (me) WHERE me = 1;
INSERT INTO agent (name, folded, me) VALUES ('', '', 1);

ALTER TABLE conversation ADD COLUMN assignee_id      INTEGER REFERENCES agent (id) ON DELETE SET NULL;
ALTER TABLE conversation ADD COLUMN snoozed_until_ms INTEGER;         -- put away; only while it is open
ALTER TABLE account      ADD COLUMN snoozed_count    INTEGER NOT NULL DEFAULT 0;
ALTER TABLE account      ADD COLUMN time_zone        TEXT    NOT NULL DEFAULT '';  -- tz database; empty: this computer's
ALTER TABLE account      ADD COLUMN business_hours   TEXT;            -- model::BusinessHours as JSON; none: always open
ALTER TABLE account      ADD COLUMN rules_here       INTEGER NOT NULL DEFAULT 1;   -- whether this computer answers by rule

-- What is put away counts in its own tab and in no other.
DROP TRIGGER conversation_counted;
DROP TRIGGER conversation_recounted;

CREATE TRIGGER conversation_counted AFTER INSERT ON conversation BEGIN
    UPDATE account SET
        open_count    = open_count    + (NEW.status = 'open' AND NEW.snoozed_until_ms IS NULL),
        waiting_count = waiting_count + (NEW.status = 'open' AND NEW.snoozed_until_ms IS NULL AND NEW.waiting = 1),
        request_count = request_count + (NEW.status = 'open' AND NEW.snoozed_until_ms IS NULL AND NEW.kind = 'request'),
        snoozed_count = snoozed_count + (NEW.status = 'open' AND NEW.snoozed_until_ms IS NOT NULL),
        done_count    = done_count    + (NEW.status = 'done')
    WHERE id = NEW.account_id;
END;

CREATE TRIGGER conversation_recounted AFTER UPDATE OF status, waiting, kind, snoozed_until_ms ON conversation
WHEN OLD.status <> NEW.status OR OLD.waiting <> NEW.waiting OR OLD.kind <> NEW.kind OR (OLD.snoozed_until_ms IS NULL) <> (NEW.snoozed_until_ms IS NULL) BEGIN
    UPDATE account SET
        open_count    = open_count    + (NEW.status = 'open' AND NEW.snoozed_until_ms IS NULL) - (OLD.status = 'open' AND OLD.snoozed_until_ms IS NULL),
        waiting_count = waiting_count + (NEW.status = 'open' AND NEW.snoozed_until_ms IS NULL AND NEW.waiting = 1) - (OLD.status = 'open' AND OLD.snoozed_until_ms IS NULL AND OLD.waiting = 1),
        request_count = request_count + (NEW.status = 'open' AND NEW.snoozed_until_ms IS NULL AND NEW.kind = 'request') - (OLD.status = 'open' AND OLD.snoozed_until_ms IS NULL AND OLD.kind = 'request'),
        snoozed_count = snoozed_count + (NEW.status = 'open' AND NEW.snoozed_until_ms IS NOT NULL) - (OLD.status = 'open' AND OLD.snoozed_until_ms IS NOT NULL),
        done_count    = done_count    + (NEW.status = 'done') - (OLD.status = 'done')
    WHERE id = NEW.account_id;
END;

-- What is put away is a column of each tab's index, so that the index alone answers.
DROP INDEX conversation_by_status;
DROP INDEX conversation_waiting;
DROP INDEX conversation_requests;
CREATE INDEX conversation_by_status ON conversation (account_id, status, snoozed_until_ms, last_at_ms DESC, id DESC);
CREATE INDEX conversation_waiting   ON conversation (account_id, snoozed_until_ms, last_at_ms DESC, id DESC) WHERE waiting = 1 AND status = 'open';
CREATE INDEX conversation_requests  ON conversation (account_id, snoozed_until_ms, last_at_ms DESC, id DESC) WHERE kind = 'request' AND status = 'open';
CREATE INDEX conversation_assigned  ON conversation (assignee_id, account_id, status, snoozed_until_ms, last_at_ms DESC, id DESC) WHERE assignee_id IS NOT NULL;
CREATE INDEX conversation_snoozed   ON conversation (account_id, snoozed_until_ms, id) WHERE snoozed_until_ms IS NOT NULL;
CREATE INDEX conversation_waking    ON conversation (snoozed_until_ms) WHERE snoozed_until_ms IS NOT NULL;

CREATE TABLE saved_reply (
    id              INTEGER PRIMARY KEY,
    name            TEXT    NOT NULL,
    shortcut        TEXT    NOT NULL DEFAULT '',
    category        TEXT    NOT NULL DEFAULT '',
    body            TEXT    NOT NULL,
    attachment      TEXT,                                   -- key in the media vault
    folded          TEXT    NOT NULL,                       -- its name as search compares it
    folded_shortcut TEXT    NOT NULL,
    words           TEXT    NOT NULL,                       -- of all it says, as search cuts them, each with a space before it
    uses            INTEGER NOT NULL DEFAULT 0,
    used_at_ms      INTEGER
) STRICT;

CREATE UNIQUE INDEX saved_reply_by_shortcut ON saved_reply (folded_shortcut) WHERE folded_shortcut <> '';
CREATE INDEX saved_reply_by_use ON saved_reply (uses DESC, id);
CREATE INDEX saved_reply_by_picture ON saved_reply (attachment) WHERE attachment IS NOT NULL;

CREATE TABLE rule (
    id       INTEGER PRIMARY KEY,
    position INTEGER NOT NULL,
    spec     TEXT    NOT NULL                               -- model::RuleSpec as JSON
) STRICT;

-- What rules did, and with which message. Names stand here because a rule may be gone.
CREATE TABLE rule_firing (
    id              INTEGER PRIMARY KEY,
    rule_id         INTEGER NOT NULL,
    rule            TEXT    NOT NULL,                       -- its name then
    account_id      INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    conversation_id INTEGER NOT NULL REFERENCES conversation (id) ON DELETE CASCADE,
    message_id      INTEGER NOT NULL,                       -- the customer's message it fired on
    at_ms           INTEGER NOT NULL,
    no_reply        TEXT,                                   -- model::NoReply as JSON, where it should have sent one
    actions         TEXT    NOT NULL                        -- what it did: JSON
) STRICT;

CREATE INDEX rule_firing_of_conversation ON rule_firing (conversation_id, message_id);
CREATE INDEX rule_firing_of_account      ON rule_firing (account_id, id);
CREATE UNIQUE INDEX rule_firing_once     ON rule_firing (rule_id, message_id);

-- The messages that rules sent: a picture and a text are two of one firing.
CREATE TABLE rule_reply (
    message_id INTEGER PRIMARY KEY,
    firing_id  INTEGER NOT NULL REFERENCES rule_firing (id) ON DELETE CASCADE
) STRICT;

CREATE INDEX rule_reply_of_firing ON rule_reply (firing_id);

-- How far rules have looked: each customer's message once, whatever happens to the process in between.
CREATE TABLE rule_due (
    message_id      INTEGER PRIMARY KEY,
    conversation_id INTEGER NOT NULL REFERENCES conversation (id) ON DELETE CASCADE,
    account_id      INTEGER NOT NULL,
    due_at_ms       INTEGER NOT NULL                        -- 0: not looked at yet; else when the next wait of a rule is over
) STRICT;

CREATE INDEX rule_due_by_time ON rule_due (due_at_ms);

-- TikTok's automatic messages as last read.
CREATE TABLE auto_message (
    id         INTEGER PRIMARY KEY,
    account_id INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    kind       TEXT    NOT NULL CHECK (kind IN ('welcomeMessage', 'suggestedQuestion', 'chatPrompt')),
    remote_id  TEXT    NOT NULL,                            -- TikTok's auto_message_id
    position   INTEGER NOT NULL,
    title      TEXT    NOT NULL,
    body       TEXT    NOT NULL,
    audit      TEXT    NOT NULL,                            -- model::AuditStatus
    raw        TEXT    NOT NULL,
    off        INTEGER NOT NULL DEFAULT 0,                  -- TikTok switched it off when its kind was turned on
    UNIQUE (account_id, remote_id)
) STRICT;

CREATE INDEX auto_message_of_kind ON auto_message (account_id, kind, position);

CREATE TABLE auto_kind (
    account_id    INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    kind          TEXT    NOT NULL,                         -- as above, or 'commentToMessage'
    enabled       INTEGER NOT NULL,
    fetched_at_ms INTEGER NOT NULL,
    intended      TEXT,                                     -- what it will say once a call of ours has been taken: as auto_version.items
    PRIMARY KEY (account_id, kind)
) STRICT, WITHOUT ROWID;

-- Each state a kind was in, newest last: to compare and to bring back.
CREATE TABLE auto_version (
    id         INTEGER PRIMARY KEY,
    account_id INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    kind       TEXT    NOT NULL,
    at_ms      INTEGER NOT NULL,
    by         TEXT    NOT NULL CHECK (by IN ('deskbell', 'elsewhere')),
    enabled    INTEGER NOT NULL,
    items      TEXT    NOT NULL                             -- JSON array of model::AutoText, in order
) STRICT;

CREATE INDEX auto_version_of_kind ON auto_version (account_id, kind, id);

-- Comments of high intent: each may be answered by one message.
CREATE TABLE comment (
    id          INTEGER PRIMARY KEY,
    account_id  INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    remote_id   TEXT    NOT NULL,
    person_id   TEXT    NOT NULL,                           -- TikTok's unique_identifier of who wrote it
    name        TEXT    NOT NULL DEFAULT '',
    handle      TEXT,
    body        TEXT    NOT NULL,
    is_follower INTEGER,
    at_ms       INTEGER NOT NULL,
    state       TEXT    NOT NULL,                           -- store::table::comment::State as JSON: open, sending, answered, refused, unconfirmed, dismissed
    UNIQUE (account_id, remote_id)
) STRICT;

CREATE INDEX comment_of_account ON comment (account_id, at_ms DESC, id DESC);
