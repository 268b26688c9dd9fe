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

-- How many open conversations each agent has of each account: the tab Mine says so, and rules ask who has the fewest.
CREATE TABLE agent_load (
    agent_id   INTEGER NOT NULL REFERENCES agent (id) ON DELETE CASCADE,
    account_id INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    open_count INTEGER NOT NULL,                            -- kept by the triggers below
    PRIMARY KEY (agent_id, account_id)
) STRICT, WITHOUT ROWID;

INSERT INTO agent_load (agent_id, account_id, open_count)
    SELECT assignee_id, account_id, count(*) FROM conversation
    WHERE assignee_id IS NOT NULL AND status = 'open' AND snoozed_until_ms IS NULL GROUP BY assignee_id, account_id;

CREATE TRIGGER conversation_of_agent AFTER INSERT ON conversation
WHEN NEW.assignee_id IS NOT NULL AND NEW.status = 'open' AND NEW.snoozed_until_ms IS NULL BEGIN
    INSERT INTO agent_load (agent_id, account_id, open_count) VALUES (NEW.assignee_id, NEW.account_id, 1)
        ON CONFLICT (agent_id, account_id) DO UPDATE SET open_count = open_count + 1;
END;

CREATE TRIGGER conversation_leaves_agent AFTER UPDATE OF assignee_id, status, snoozed_until_ms ON conversation
WHEN OLD.assignee_id IS NOT NULL AND OLD.status = 'open' AND OLD.snoozed_until_ms IS NULL BEGIN
    UPDATE agent_load SET open_count = open_count - 1 WHERE agent_id = OLD.assignee_id AND account_id = OLD.account_id;
END;

CREATE TRIGGER conversation_comes_to_agent AFTER UPDATE OF assignee_id, status, snoozed_until_ms ON conversation
WHEN NEW.assignee_id IS NOT NULL AND NEW.status = 'open' AND NEW.snoozed_until_ms IS NULL BEGIN
    INSERT INTO agent_load (agent_id, account_id, open_count) VALUES (NEW.assignee_id, NEW.account_id, 1)
        ON CONFLICT (agent_id, account_id) DO UPDATE SET open_count = open_count + 1;
END;

-- How many conversations the two long lists have of each day: a place far down is found by days, not by rows.
CREATE TABLE list_day (
    account_id    INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    list          TEXT    NOT NULL,                         -- 'open' or 'done', as conversation.status
    day           INTEGER NOT NULL,                         -- last_at_ms in days
    conversations INTEGER NOT NULL,                         -- kept by the triggers below
    PRIMARY KEY (account_id, list, day)
) STRICT, WITHOUT ROWID;

INSERT INTO list_day (account_id, list, day, conversations)
    SELECT account_id, status, last_at_ms / 86400000, count(*) FROM conversation WHERE snoozed_until_ms IS NULL
    GROUP BY account_id, status, last_at_ms / 86400000;

CREATE TRIGGER conversation_on_day AFTER INSERT ON conversation WHEN NEW.snoozed_until_ms IS NULL BEGIN
    INSERT INTO list_day (account_id, list, day, conversations) VALUES (NEW.account_id, NEW.status, NEW.last_at_ms / 86400000, 1)
        ON CONFLICT (account_id, list, day) DO UPDATE SET conversations = conversations + 1;
END;

CREATE TRIGGER conversation_leaves_day AFTER UPDATE OF last_at_ms, status, snoozed_until_ms ON conversation
WHEN OLD.snoozed_until_ms IS NULL
    AND (NEW.snoozed_until_ms IS NOT NULL OR NEW.status <> OLD.status OR NEW.last_at_ms / 86400000 <> OLD.last_at_ms / 86400000) BEGIN
    UPDATE list_day SET conversations = conversations - 1
    WHERE account_id = OLD.account_id AND list = OLD.status AND day = OLD.last_at_ms / 86400000;
END;

CREATE TRIGGER conversation_comes_to_day AFTER UPDATE OF last_at_ms, status, snoozed_until_ms ON conversation
WHEN NEW.snoozed_until_ms IS NULL
    AND (OLD.snoozed_until_ms IS NOT NULL OR NEW.status <> OLD.status OR NEW.last_at_ms / 86400000 <> OLD.last_at_ms / 86400000) BEGIN
    INSERT INTO list_day (account_id, list, day, conversations) VALUES (NEW.account_id, NEW.status, NEW.last_at_ms / 86400000, 1)
        ON CONFLICT (account_id, list, day) DO UPDATE SET conversations = conversations + 1;
END;

CREATE TRIGGER conversation_gone_from_day AFTER DELETE ON conversation WHEN OLD.snoozed_until_ms IS NULL BEGIN
    UPDATE list_day SET conversations = conversations - 1
    WHERE account_id = OLD.account_id AND list = OLD.status AND day = OLD.last_at_ms / 86400000;
END;

-- Comments whose call is under way or whose answer was lost: a handful among all there ever were.
CREATE INDEX comment_unsettled ON comment (json_extract(state, '$.state'), account_id)
    WHERE json_extract(state, '$.state') = 'sending' OR json_extract(state, '$.state') = 'unconfirmed';

-- What goes with a conversation is found, not looked for.
CREATE INDEX rule_due_of_conversation ON rule_due (conversation_id);
CREATE INDEX draft_of_conversation    ON draft (conversation_id);

-- What is missing before all that is held of a customer is a hole, too, if the account was linked by then.
UPDATE conversation SET gaps = (
    SELECT count(*) FROM gap g JOIN account a ON a.id = conversation.account_id
    WHERE g.conversation_id = conversation.id AND (g.after_id IS NOT NULL OR (g.before_id >> 20) > a.linked_at_ms))
WHERE id IN (SELECT conversation_id FROM gap);
