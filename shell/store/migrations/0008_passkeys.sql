-- Passkeys of users (Web Authentication), and the challenges that were answered.

CREATE TABLE passkeys (
    credential_id BLOB PRIMARY KEY CHECK (length(credential_id) BETWEEN 1 AND 1023),
    user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    user_handle BLOB NOT NULL CHECK (length(user_handle) = 32), -- what the authenticator knows the user by
    public_key BLOB NOT NULL,               -- in COSE
    name TEXT NOT NULL,                     -- for its user to tell them apart
    sign_count INTEGER NOT NULL,            -- 0: it does not count
    backup_eligible INTEGER NOT NULL CHECK (backup_eligible IN (0, 1)),
    created_unix_secs INTEGER NOT NULL,
    used_unix_secs INTEGER
) STRICT, WITHOUT ROWID;

CREATE INDEX passkeys_by_user ON passkeys (user_id);

-- A challenge is answered once. It is kept here until nobody would take it any more.
CREATE TABLE used_challenges (
    challenge BLOB PRIMARY KEY CHECK (length(challenge) = 32),
    expires_unix_secs INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX used_challenges_by_end ON used_challenges (expires_unix_secs);

-- Recovery codes stand in for whichever second factor a user has.
CREATE TABLE recovery_codes_of_users (
    user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    digest BLOB NOT NULL CHECK (length(digest) = 32),
    PRIMARY KEY (user_id, digest)
) STRICT, WITHOUT ROWID;

INSERT INTO recovery_codes_of_users (user_id, digest) SELECT user_id, digest FROM recovery_codes;
DROP TABLE recovery_codes;
ALTER TABLE recovery_codes_of_users RENAME TO recovery_codes;

-- What was remembered of a password alone means nothing any more. A use is no change.
CREATE TRIGGER passkeys_added AFTER INSERT ON passkeys BEGIN
    UPDATE changes SET credentials = credentials + 1;
END;

CREATE TRIGGER passkeys_removed AFTER DELETE ON passkeys BEGIN
    UPDATE changes SET credentials = credentials + 1;
END;
