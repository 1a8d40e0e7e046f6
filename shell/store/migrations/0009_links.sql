-- Users who sign in through another OpenID provider.

CREATE TABLE links (
    issuer TEXT NOT NULL,                   -- `iss` and `sub` together are the person, and nothing else is
    subject TEXT NOT NULL,
    user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_unix_secs INTEGER NOT NULL,
    PRIMARY KEY (issuer, subject)
) STRICT, WITHOUT ROWID;

CREATE INDEX links_by_user ON links (user_id);

-- A sign-in that came back from its provider is used up, until its state is too old anyway.
CREATE TABLE used_sign_ins (
    digest BLOB PRIMARY KEY CHECK (length(digest) = 32),
    expires_unix_secs INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX used_sign_ins_by_end ON used_sign_ins (expires_unix_secs);

-- The groups that a provider names are those of one session, beside the user's own.
ALTER TABLE sessions ADD COLUMN groups TEXT NOT NULL DEFAULT '[]';
