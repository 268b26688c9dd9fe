-- What a queued reply waits for is a word and a time, not JSON: SQL asks for it, and a CHECK holds its words.

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
    wait_reason      TEXT    CHECK (wait_reason IN ('offline', 'rateLimited', 'relink', 'earlierUnconfirmed', 'uploading', 'mayHaveArrived')),
    wait_until_ms    INTEGER,                               -- when it is tried again, if TikTok asked us to slow down
    refusal          TEXT,                                  -- model::Refusal as JSON
    stopped          TEXT,                                  -- model::StopReason as JSON
    checks           INTEGER NOT NULL DEFAULT 0,            -- listings read since started_at_ms without finding it
    seen_up_to_ms    INTEGER NOT NULL,                      -- the newest listed message on screen when the agent pressed Send
    read_from_ms     INTEGER NOT NULL DEFAULT 0             -- the conversation is read at or after this before the reply goes out
) STRICT;

INSERT INTO outbox_now (message_id, conversation_id, account_id, position, outgoing, quoted_remote_id, state, attempt, started_at_ms, not_before_ms,
        wait_reason, wait_until_ms, refusal, stopped, checks, seen_up_to_ms, read_from_ms)
    SELECT message_id, conversation_id, account_id, position, outgoing, quoted_remote_id, state, attempt, started_at_ms, not_before_ms,
        CASE WHEN json_valid(waiting) AND json_extract(waiting, '$.reason') IN ('offline', 'rateLimited', 'relink', 'earlierUnconfirmed', 'uploading', 'mayHaveArrived')
            THEN json_extract(waiting, '$.reason') END,
        CASE WHEN json_valid(waiting) AND json_type(waiting, '$.untilMs') = 'integer' THEN json_extract(waiting, '$.untilMs') END,
        refusal, stopped, checks, seen_up_to_ms, read_from_ms FROM outbox;
DROP TABLE outbox;
ALTER TABLE outbox_now RENAME TO outbox;
CREATE UNIQUE INDEX outbox_lane ON outbox (conversation_id, position);
