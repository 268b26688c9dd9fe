-- What is asked often costs no more in a large database than in a small one: what was counted is kept, what was looked for
-- has an index of its own.

-- What the business said, not TikTok by itself: a conversation that was never answered was read whole for each message.
CREATE INDEX message_answer ON message (conversation_id, sent_at_ms) WHERE outgoing = 1 AND auto_type IS NULL;
