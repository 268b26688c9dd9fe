-- What is asked often costs no more in a large database than in a small one: what was counted is kept, what was looked for
-- has an index of its own.

-- What the business said, not TikTok by itself: a conversation that was never answered was read whole for each message.
CREATE INDEX message_answer ON message (conversation_id, sent_at_ms) WHERE outgoing = 1 AND auto_type IS NULL;

-- How far the first fetch has come: read again with each of its pages.
ALTER TABLE account ADD COLUMN fetched_count INTEGER NOT NULL DEFAULT 0;   -- conversations that were fetched at least once
UPDATE account SET fetched_count = (SELECT count(*) FROM conversation WHERE account_id = account.id AND fetched_updated_ms > 0);

CREATE TRIGGER conversation_fetched AFTER INSERT ON conversation WHEN NEW.fetched_updated_ms > 0 BEGIN
    UPDATE account SET fetched_count = fetched_count + 1 WHERE id = NEW.account_id;
END;

CREATE TRIGGER conversation_refetched AFTER UPDATE OF fetched_updated_ms ON conversation
WHEN (OLD.fetched_updated_ms > 0) <> (NEW.fetched_updated_ms > 0) BEGIN
    UPDATE account SET fetched_count = fetched_count + (NEW.fetched_updated_ms > 0) - (OLD.fetched_updated_ms > 0) WHERE id = NEW.account_id;
END;

-- Pictures that are due, newest first, and when the next one is. What waits for a fresh link stays for good: no index has it.
CREATE INDEX media_wanted_messages ON media_wanted (account_id, message_id) WHERE message_id IS NOT NULL AND not_before_ms < 9223372036854775807;
CREATE INDEX media_wanted_avatars  ON media_wanted (account_id, person_id)  WHERE person_id IS NOT NULL AND not_before_ms < 9223372036854775807;
CREATE INDEX media_wanted_by_time  ON media_wanted (account_id, not_before_ms) WHERE not_before_ms < 9223372036854775807;

-- What each rule did, in its own row: the log that says so only grows.
ALTER TABLE rule ADD COLUMN fired       INTEGER NOT NULL DEFAULT 0;
ALTER TABLE rule ADD COLUMN fired_at_ms INTEGER;                           -- when it did last
UPDATE rule SET (fired, fired_at_ms) = (SELECT count(*), max(at_ms) FROM rule_firing WHERE rule_id = rule.id);
CREATE INDEX rule_firing_of_rule ON rule_firing (account_id, rule_id, id);
