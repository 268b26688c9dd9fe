-- Times that cannot be, as versions without a border took them from TikTok: before 1970, or ahead of every clock we know.
-- A message keeps its place at its thread's beginning or end; what an agent has seen counts as unseen where that is unclear.

CREATE TABLE clock (
    now_ms    INTEGER NOT NULL,
    latest_ms INTEGER NOT NULL                              -- what lies beyond has not happened
) STRICT;
-- This computer's clock may be behind; it was right when TikTok last answered.
INSERT INTO clock (now_ms, latest_ms)
    SELECT now, now + 86400000 FROM (
        SELECT max(CAST(unixepoch('subsec') * 1000 AS INTEGER), coalesce((SELECT max(synced_at_ms) FROM account WHERE synced_at_ms < 4102444800000), 0)) AS now);

CREATE TABLE odd_conversation (
    id        INTEGER PRIMARY KEY,
    newest_ms INTEGER NOT NULL,                             -- of its messages with a time that can be
    oldest_ms INTEGER NOT NULL
) STRICT;
INSERT INTO odd_conversation (id, newest_ms, oldest_ms)
    SELECT c.id,
        coalesce((SELECT max(sent_at_ms) FROM message WHERE conversation_id = c.id AND sent_at_ms BETWEEN 1 AND latest_ms), now_ms),
        coalesce((SELECT min(sent_at_ms) FROM message WHERE conversation_id = c.id AND sent_at_ms BETWEEN 1 AND latest_ms), now_ms)
    FROM conversation c, clock
    WHERE (SELECT max(sent_at_ms) FROM message WHERE conversation_id = c.id) > latest_ms
       OR (SELECT min(sent_at_ms) FROM message WHERE conversation_id = c.id) < 1
       OR c.last_at_ms NOT BETWEEN 1 AND latest_ms OR c.remote_updated_ms NOT BETWEEN 1 AND latest_ms
       OR c.fetched_updated_ms NOT BETWEEN 0 AND latest_ms OR c.seen_up_to_ms NOT BETWEEN 0 AND latest_ms
       OR c.read_up_to_ms NOT BETWEEN 0 AND latest_ms OR coalesce(c.window_opened_at_ms, 1) NOT BETWEEN 1 AND latest_ms
       OR coalesce(json_extract(c.origin, '$.atMs'), 1) NOT BETWEEN 1 AND latest_ms;

-- Equal times are told apart by the id, which has the order they had.
UPDATE message SET tie = 0, sent_at_ms = (SELECT newest_ms + 1 FROM odd_conversation WHERE id = conversation_id)
    WHERE conversation_id IN (SELECT id FROM odd_conversation) AND sent_at_ms > (SELECT latest_ms FROM clock);
UPDATE message SET tie = 0, sent_at_ms = (SELECT oldest_ms - 1 FROM odd_conversation WHERE id = conversation_id)
    WHERE conversation_id IN (SELECT id FROM odd_conversation) AND sent_at_ms < 1;

UPDATE conversation SET
    last_at_ms = coalesce((SELECT max(sent_at_ms) FROM message WHERE conversation_id = conversation.id), min(max(last_at_ms, 1), (SELECT now_ms FROM clock))),
    window_opened_at_ms = (SELECT max(sent_at_ms) FROM message WHERE conversation_id = conversation.id AND outgoing = 0),
    seen_up_to_ms = CASE WHEN seen_up_to_ms BETWEEN 0 AND (SELECT latest_ms FROM clock) THEN seen_up_to_ms ELSE 0 END,
    read_up_to_ms = CASE WHEN read_up_to_ms BETWEEN 0 AND (SELECT latest_ms FROM clock) THEN read_up_to_ms ELSE 0 END,
    origin = CASE WHEN json_extract(origin, '$.atMs') NOT BETWEEN 1 AND (SELECT latest_ms FROM clock) THEN json_set(origin, '$.atMs', NULL) ELSE origin END,
    -- It is read again, and counts from the next time TikTok names.
    fetched_updated_ms = min(max(fetched_updated_ms, 0), 1),
    remote_updated_ms = CASE WHEN fetched_updated_ms > 0 THEN 2 ELSE 1 END
    WHERE id IN (SELECT id FROM odd_conversation);

-- As conversation::refresh works it out.
UPDATE conversation SET
    waiting = window_opened_at_ms IS NOT NULL AND window_opened_at_ms > coalesce((
        SELECT max(m.sent_at_ms) FROM message m WHERE m.conversation_id = conversation.id AND m.outgoing = 1 AND m.auto_type IS NULL
        AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.message_id = m.id AND o.state IN ('refused', 'stopped'))), 0),
    sent = (SELECT count(*) FROM message m WHERE m.conversation_id = conversation.id AND outgoing = 1 AND auto_type IS NULL AND sent_at_ms > window_opened_at_ms AND sent_at_ms < window_opened_at_ms + 172800000
        AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.message_id = m.id AND o.state IN ('refused', 'stopped'))),
    sent_late = (SELECT count(*) FROM message m WHERE m.conversation_id = conversation.id AND outgoing = 1 AND auto_type IS NULL AND sent_at_ms >= window_opened_at_ms + 172800000
        AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.message_id = m.id AND o.state IN ('refused', 'stopped')))
    WHERE id IN (SELECT id FROM odd_conversation);
UPDATE conversation SET unread = min(100, (
        SELECT count(*) FROM message m WHERE m.conversation_id = conversation.id AND m.outgoing = 0 AND m.sent_at_ms > max(conversation.seen_up_to_ms, coalesce((
            SELECT max(a.sent_at_ms) FROM message a WHERE a.conversation_id = conversation.id AND a.outgoing = 1 AND a.auto_type IS NULL), 0))))
    WHERE id IN (SELECT id FROM odd_conversation);

UPDATE outbox SET seen_up_to_ms = (SELECT newest_ms + 1 FROM odd_conversation WHERE id = conversation_id)
    WHERE conversation_id IN (SELECT id FROM odd_conversation) AND seen_up_to_ms > (SELECT latest_ms FROM clock);
UPDATE scheduled SET seen_up_to_ms = (SELECT newest_ms + 1 FROM odd_conversation WHERE id = conversation_id)
    WHERE conversation_id IN (SELECT id FROM odd_conversation) AND seen_up_to_ms > (SELECT latest_ms FROM clock);
UPDATE conversation SET snoozed_until_ms = (SELECT now_ms FROM clock) WHERE snoozed_until_ms > 4102444800000;
UPDATE person SET first_contact_ms = NULL WHERE first_contact_ms NOT BETWEEN 1 AND (SELECT latest_ms FROM clock);
UPDATE post SET posted_at_ms = NULL WHERE posted_at_ms NOT BETWEEN 1 AND (SELECT latest_ms FROM clock);
UPDATE comment SET at_ms = (SELECT now_ms FROM clock) WHERE at_ms NOT BETWEEN 1 AND (SELECT latest_ms FROM clock);

-- No token of TikTok's lives longer than a year: the pair is renewed, or the next call says that it is dead.
UPDATE account SET access_expires_at_ms = (SELECT now_ms FROM clock) + 86400000 WHERE access_expires_at_ms > (SELECT now_ms FROM clock) + 34560000000;
UPDATE account SET refresh_expires_at_ms = (SELECT now_ms FROM clock) + 31536000000 WHERE refresh_expires_at_ms > (SELECT now_ms FROM clock) + 34560000000;
UPDATE account SET complete_to_ms = NULL WHERE complete_to_ms > (SELECT latest_ms FROM clock);

DROP TABLE odd_conversation;
DROP TABLE clock;
