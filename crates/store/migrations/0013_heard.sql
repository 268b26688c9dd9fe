-- What the shop's relay has heard: which gaps between pushed messages are none (decision 22).

ALTER TABLE account      ADD COLUMN heard_from_ms INTEGER;  -- since then the relay has heard everything that is pushed; NULL: not known
ALTER TABLE conversation ADD COLUMN late_push_ms  INTEGER;  -- when a message of it was last pushed too late; NULL: none was
ALTER TABLE message      ADD COLUMN pushed INTEGER NOT NULL DEFAULT 0 CHECK (pushed IN (0, 1)); -- whether the relay's log has it
