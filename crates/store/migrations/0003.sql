-- A complete, honest, fast history: message requests, tags, what was released to save space, token events, how far the
-- history is proven, and a search index that knows who wrote, where and what is in it.

CREATE TABLE tag (
    id         INTEGER PRIMARY KEY,
    account_id INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    name       TEXT    NOT NULL,                            -- as typed
    folded     TEXT    NOT NULL,                            -- as search compares it
    UNIQUE (account_id, folded)
) STRICT;

CREATE TABLE person_tag (
    person_id INTEGER NOT NULL REFERENCES person (id) ON DELETE CASCADE,
    tag_id    INTEGER NOT NULL REFERENCES tag (id) ON DELETE CASCADE,
    PRIMARY KEY (person_id, tag_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX person_tag_of_tag ON person_tag (tag_id, person_id);
CREATE INDEX conversation_of_person ON conversation (person_id);

-- What became of an account's tokens, for the timeline in Settings. Pruned after a year.
CREATE TABLE token_event (
    id         INTEGER PRIMARY KEY,
    account_id INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    at_ms      INTEGER NOT NULL,
    kind       TEXT    NOT NULL CHECK (kind IN ('linked', 'refreshed', 'postponed', 'refused', 'unlinked')),
    detail     TEXT    NOT NULL DEFAULT ''                  -- TikTok's words; never a token
) STRICT;

CREATE INDEX token_event_of_account ON token_event (account_id, id);

-- The pictures in messages, whether their bytes are here or not: the viewer pages through them, and the vault knows what
-- it may let go of.
CREATE TABLE picture (
    message_id      INTEGER PRIMARY KEY,
    conversation_id INTEGER NOT NULL REFERENCES conversation (id) ON DELETE CASCADE,
    key             TEXT,                                   -- in the media vault; none while it is not here
    refetchable     INTEGER NOT NULL                        -- whether TikTok can be asked for it again
) STRICT;

CREATE INDEX picture_of_conversation ON picture (conversation_id, message_id);
CREATE INDEX picture_by_key          ON picture (key) WHERE key IS NOT NULL;

INSERT INTO picture (message_id, conversation_id, key, refetchable)
    SELECT id, conversation_id, json_extract(content, '$.media.key'), json_extract(content, '$.type') = 'image' AND remote_id IS NOT NULL
    FROM message WHERE json_extract(content, '$.type') IN ('image', 'sticker');

ALTER TABLE media ADD COLUMN used_at_ms INTEGER NOT NULL DEFAULT 0;   -- when it was last shown, to the hour
UPDATE media SET used_at_ms = fetched_at_ms;
CREATE INDEX media_by_use ON media (used_at_ms);
CREATE INDEX person_by_avatar ON person (avatar) WHERE avatar IS NOT NULL;

-- A person's newest picture may be wanted again, and so may one that was given up.
ALTER TABLE account ADD COLUMN complete_to_ms  INTEGER;               -- everything up to here was listed and fetched
ALTER TABLE account ADD COLUMN backfill_paused INTEGER NOT NULL DEFAULT 0;
ALTER TABLE account ADD COLUMN unlinked_at_ms  INTEGER;
ALTER TABLE account ADD COLUMN request_count   INTEGER NOT NULL DEFAULT 0;

ALTER TABLE conversation ADD COLUMN unreadable INTEGER NOT NULL DEFAULT 0;  -- TikTok lists it and refuses to show it

UPDATE account SET request_count = (SELECT count(*) FROM conversation WHERE account_id = account.id AND kind = 'request' AND status = 'open');

DROP TRIGGER conversation_counted;
DROP TRIGGER conversation_recounted;

CREATE TRIGGER conversation_counted AFTER INSERT ON conversation BEGIN
    UPDATE account SET
        open_count    = open_count    + (NEW.status = 'open'),
        waiting_count = waiting_count + (NEW.status = 'open' AND NEW.waiting = 1),
        request_count = request_count + (NEW.status = 'open' AND NEW.kind = 'request'),
        done_count    = done_count    + (NEW.status = 'done')
    WHERE id = NEW.account_id;
END;

CREATE TRIGGER conversation_recounted AFTER UPDATE OF status, waiting, kind ON conversation
WHEN OLD.status <> NEW.status OR OLD.waiting <> NEW.waiting OR OLD.kind <> NEW.kind BEGIN
    UPDATE account SET
        open_count    = open_count    + (NEW.status = 'open') - (OLD.status = 'open'),
        waiting_count = waiting_count + (NEW.status = 'open' AND NEW.waiting = 1) - (OLD.status = 'open' AND OLD.waiting = 1),
        request_count = request_count + (NEW.status = 'open' AND NEW.kind = 'request') - (OLD.status = 'open' AND OLD.kind = 'request'),
        done_count    = done_count    + (NEW.status = 'done') - (OLD.status = 'done')
    WHERE id = NEW.account_id;
END;

CREATE INDEX conversation_requests ON conversation (account_id, last_at_ms DESC, id DESC) WHERE kind = 'request' AND status = 'open';
CREATE INDEX conversation_doubtful ON conversation (account_id) WHERE gaps > 0 OR unreadable = 1;

-- The words of a message, and beside them words of our own: whose it is, who wrote it, what is in it. So an operator
-- costs an intersection and not a walk through all hits. store::search cuts the words, so the tokenizer need only split at
-- spaces: `ascii` leaves every other character alone. Filled again in the background, newest first.
DROP TABLE search;
CREATE VIRTUAL TABLE search USING fts5 (
    words, content = '', contentless_delete = 1, tokenize = 'ascii', prefix = '1 2 3'
);
CREATE VIRTUAL TABLE search_person USING fts5 (
    words, content = '', contentless_delete = 1, tokenize = 'ascii', prefix = '1 2 3'
);
INSERT INTO setting (name, value) SELECT 'search_rebuild', '9223372036854775807' WHERE EXISTS (SELECT 1 FROM message) OR EXISTS (SELECT 1 FROM person)
    ON CONFLICT (name) DO UPDATE SET value = excluded.value;
