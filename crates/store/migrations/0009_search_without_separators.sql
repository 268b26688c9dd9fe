-- What separators join is found without them, such as AB1234 in "AB-1234": search is filled again in the background, newest
-- first, and saved replies with it.
INSERT INTO search (search) VALUES ('delete-all');
INSERT INTO search_person (search_person) VALUES ('delete-all');
INSERT INTO setting (name, value) SELECT 'search_rebuild', '9223372036854775807'
    WHERE EXISTS (SELECT 1 FROM message) OR EXISTS (SELECT 1 FROM person) OR EXISTS (SELECT 1 FROM saved_reply)
    ON CONFLICT (name) DO UPDATE SET value = excluded.value;
