-- Finds the newest event that says since when the relay hears.
CREATE INDEX event_listening ON event (team, seq) WHERE kind = 'listening';
