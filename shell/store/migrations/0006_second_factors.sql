-- Second factors of users: codes by the clock (RFC 6238), and the codes for whoever has lost the device.

CREATE TABLE totp (
    user_id INTEGER PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    secret BLOB NOT NULL CHECK (length(secret) = 20),
    used_step INTEGER NOT NULL,             -- of the last code that was taken: none at or before it is taken again
    created_unix_secs INTEGER NOT NULL
) STRICT;

-- A code that was used is gone.
CREATE TABLE recovery_codes (
    user_id INTEGER NOT NULL REFERENCES totp (user_id) ON DELETE CASCADE,
    digest BLOB NOT NULL CHECK (length(digest) = 32),
    PRIMARY KEY (user_id, digest)
) STRICT, WITHOUT ROWID;

ALTER TABLE sessions ADD COLUMN second_factor INTEGER NOT NULL DEFAULT 0 CHECK (second_factor IN (0, 1));

-- What was remembered of a password alone means nothing any more.
CREATE TRIGGER totp_added AFTER INSERT ON totp BEGIN
    UPDATE changes SET credentials = credentials + 1;
END;

CREATE TRIGGER totp_removed AFTER DELETE ON totp BEGIN
    UPDATE changes SET credentials = credentials + 1;
END;
