-- A reply goes out after its conversation was read, at or after this moment (TikTok's clock): the end of the time in which
-- it can be undone, or of the attempt before.
ALTER TABLE outbox ADD COLUMN read_from_ms INTEGER NOT NULL DEFAULT 0;

-- TikTok's ids tell the messages of one conversation apart. Nothing promises that they tell those of two.
DROP INDEX message_by_remote;
CREATE UNIQUE INDEX message_by_remote ON message (account_id, remote_id, conversation_id) WHERE remote_id IS NOT NULL;
