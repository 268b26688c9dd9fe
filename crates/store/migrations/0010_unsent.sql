-- A customer waits until TikTok has the answer; what has not gone out has a list and a count of its own; a row shows the
-- question that waits, and says what was said automatically.

ALTER TABLE conversation ADD COLUMN unsent       INTEGER NOT NULL DEFAULT 0;  -- replies TikTok does not have: in the outbox or scheduled
ALTER TABLE conversation ADD COLUMN snippet_auto INTEGER NOT NULL DEFAULT 0;  -- the last line was said by TikTok itself or by a rule
ALTER TABLE account      ADD COLUMN unsent_count   INTEGER NOT NULL DEFAULT 0;  -- conversations with such replies; kept by the triggers below
ALTER TABLE account      ADD COLUMN unsent_reply_count INTEGER NOT NULL DEFAULT 0;  -- such replies

CREATE INDEX conversation_unsent ON conversation (account_id, last_at_ms DESC, id DESC, unsent) WHERE unsent > 0;

CREATE TRIGGER conversation_unsent_counted AFTER INSERT ON conversation WHEN NEW.unsent > 0 BEGIN
    UPDATE account SET unsent_count = unsent_count + 1, unsent_reply_count = unsent_reply_count + NEW.unsent WHERE id = NEW.account_id;
END;

CREATE TRIGGER conversation_unsent_recounted AFTER UPDATE OF unsent ON conversation WHEN OLD.unsent <> NEW.unsent BEGIN
    UPDATE account SET
        unsent_count   = unsent_count   + (NEW.unsent > 0) - (OLD.unsent > 0),
        unsent_reply_count = unsent_reply_count + NEW.unsent - OLD.unsent
    WHERE id = NEW.account_id;
END;

CREATE TRIGGER conversation_unsent_gone AFTER DELETE ON conversation WHEN OLD.unsent > 0 BEGIN
    UPDATE account SET unsent_count = unsent_count - 1, unsent_reply_count = unsent_reply_count - OLD.unsent WHERE id = OLD.account_id;
END;

UPDATE conversation SET unsent = (SELECT count(*) FROM outbox o WHERE o.conversation_id = conversation.id)
    + (SELECT count(*) FROM scheduled s WHERE s.conversation_id = conversation.id)
WHERE id IN (SELECT conversation_id FROM outbox UNION SELECT conversation_id FROM scheduled);

UPDATE conversation SET waiting = 1
WHERE waiting = 0 AND window_opened_at_ms IS NOT NULL AND id IN (SELECT conversation_id FROM outbox)
    AND NOT EXISTS (
        SELECT 1 FROM message m INDEXED BY message_answer
        WHERE m.conversation_id = conversation.id AND m.sent_at_ms >= window_opened_at_ms AND m.outgoing = 1 AND m.auto_type IS NULL
            AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.message_id = m.id));

-- The customer's newest message, as model::Content::snippet cuts it; each row is worked out again when something happens in it.
UPDATE conversation SET (snippet_kind, snippet, snippet_out) = (
    SELECT
        CASE json_extract(content, '$.type') WHEN 'sharePost' THEN 'share_post' ELSE json_extract(content, '$.type') END,
        CASE json_extract(content, '$.type')
            WHEN 'text' THEN substr(trim(replace(replace(json_extract(content, '$.body'), char(13), ' '), char(10), ' ')), 1, 160)
            WHEN 'card' THEN substr(json_extract(content, '$.title'), 1, 160)
            ELSE '' END,
        0
    FROM message m WHERE m.conversation_id = conversation.id AND m.outgoing = 0 AND json_valid(content)
    ORDER BY m.sent_at_ms DESC, m.tie DESC, m.id DESC LIMIT 1)
WHERE waiting = 1 AND snippet_out = 1
    AND EXISTS (SELECT 1 FROM message m WHERE m.conversation_id = conversation.id AND m.outgoing = 0 AND json_valid(m.content));

UPDATE conversation SET snippet_auto = 1
WHERE snippet_out = 1 AND EXISTS (
    SELECT 1 FROM (SELECT m.id, m.auto_type FROM message m WHERE m.conversation_id = conversation.id ORDER BY m.sent_at_ms DESC, m.tie DESC, m.id DESC LIMIT 1) AS newest
    WHERE newest.auto_type IS NOT NULL OR newest.id IN (SELECT message_id FROM rule_reply));
