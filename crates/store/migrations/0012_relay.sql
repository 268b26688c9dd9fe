-- The shop's relay: how this computer is paired with it, how far its log has been stored, and which accounts go through it.

CREATE TABLE relay (
    one              INTEGER PRIMARY KEY CHECK (one = 1),
    url              TEXT    NOT NULL,                      -- without a path
    team             TEXT    NOT NULL,                      -- the shop's name
    device_id        TEXT    NOT NULL,
    device_name      TEXT    NOT NULL,
    is_admin         INTEGER NOT NULL CHECK (is_admin IN (0, 1)),
    paired_at_ms     INTEGER NOT NULL,
    epoch            TEXT,                                  -- of the newest event stored; NULL before the first
    sequence         INTEGER NOT NULL DEFAULT 0,            -- of the newest event stored
    followed_from_ms INTEGER NOT NULL,                      -- what happened before this is not known from the log
    history_before   INTEGER                                -- older events are read back from here; NULL once all are
) STRICT;

-- Events of kinds that this version does not know. A newer version applies them.
CREATE TABLE relay_event (
    epoch    TEXT    NOT NULL,
    sequence INTEGER NOT NULL,
    event    TEXT    NOT NULL,                              -- JSON as it came
    PRIMARY KEY (epoch, sequence)
) STRICT;

ALTER TABLE account ADD COLUMN via_relay INTEGER NOT NULL DEFAULT 0 CHECK (via_relay IN (0, 1));
-- The name that the relay knows an attempt by; NULL if it was made without a relay.
ALTER TABLE attempt ADD COLUMN send_key TEXT;
CREATE UNIQUE INDEX attempt_by_send_key ON attempt (send_key) WHERE send_key IS NOT NULL;
