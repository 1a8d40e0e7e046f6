-- The keys that forms are sealed with, one after the other: the newest seals, those before open what they have sealed.

CREATE TABLE form_keys (
    generation INTEGER PRIMARY KEY,
    key BLOB NOT NULL CHECK (length(key) = 32),
    made_unix_secs INTEGER NOT NULL
) STRICT;

INSERT INTO form_keys (generation, key, made_unix_secs) SELECT 1, value, 0 FROM meta WHERE name = 'form_key';
DELETE FROM meta WHERE name = 'form_key';
