-- Sessions of users who signed in.

CREATE TABLE sessions (
    id TEXT PRIMARY KEY,                    -- for lists; it opens nothing
    digest BLOB NOT NULL UNIQUE CHECK (length(digest) = 32),
    user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    method TEXT NOT NULL,                   -- how the user signed in
    device TEXT,                            -- what the browser calls itself, cut to a bound
    address TEXT NOT NULL,                  -- where the sign-in came from
    created_unix_secs INTEGER NOT NULL,
    used_unix_secs INTEGER NOT NULL,        -- coarse
    idle_secs INTEGER NOT NULL,
    expires_unix_secs INTEGER NOT NULL,
    ended_unix_secs INTEGER                 -- signed out, or ended otherwise before its time
) STRICT, WITHOUT ROWID;

CREATE INDEX sessions_by_user ON sessions (user_id);
CREATE INDEX sessions_by_end ON sessions (expires_unix_secs);

-- A new session drops nothing that is remembered: nobody was refused for it before. Nor does one that is forgotten,
-- which had ended by then.
CREATE TRIGGER sessions_ended AFTER UPDATE OF digest, user_id, idle_secs, expires_unix_secs, ended_unix_secs ON sessions BEGIN
    UPDATE changes SET credentials = credentials + 1;
END;
