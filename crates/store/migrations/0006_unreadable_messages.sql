-- Messages that TikTok listed and this version could not read: what stood there is kept for one that can. The thread shows a
-- gap in their place.

CREATE TABLE unreadable_message (
    conversation_id INTEGER NOT NULL REFERENCES conversation (id) ON DELETE CASCADE,
    digest          TEXT    NOT NULL,                       -- SHA-256 of raw, lower-case hex: the same is kept once
    sent_at_ms      INTEGER,                                -- as far as it says
    raw             TEXT    NOT NULL,                       -- as it came
    noticed_at_ms   INTEGER NOT NULL,
    PRIMARY KEY (conversation_id, digest)
) STRICT, WITHOUT ROWID;
