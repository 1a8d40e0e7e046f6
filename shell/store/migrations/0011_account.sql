-- What people do in their account: keys that they have made for themselves, and how long ago a provider says that somebody
-- has signed in there.

ALTER TABLE api_keys ADD COLUMN own INTEGER NOT NULL DEFAULT 0 CHECK (own IN (0, 1));

-- Null: it is not known. `provider` is null where no provider was asked.
ALTER TABLE sessions ADD COLUMN signed_in_unix_secs INTEGER;
ALTER TABLE sessions ADD COLUMN provider TEXT;
