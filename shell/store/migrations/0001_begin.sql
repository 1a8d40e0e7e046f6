-- Users, API keys, refusals, and the counters that tell other processes of a change.

-- Random values that belong to this database, drawn when it is created.
CREATE TABLE meta (
    name TEXT PRIMARY KEY,
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- AUTOINCREMENT: the id of a deleted user never comes back as another's.
CREATE TABLE users (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    display_name TEXT,
    hash TEXT NOT NULL,
    decoy TEXT NOT NULL,                    -- the hash's kind and cost, see `decoys`
    groups TEXT NOT NULL,                   -- JSON array of strings
    disabled INTEGER NOT NULL CHECK (disabled IN (0, 1)),
    version INTEGER NOT NULL DEFAULT 1,     -- counts changes of what a sign-in depends on
    created_unix_secs INTEGER NOT NULL,
    changed_unix_secs INTEGER NOT NULL
) STRICT;

CREATE TABLE api_keys (
    id TEXT PRIMARY KEY,
    digest BLOB NOT NULL CHECK (length(digest) = 32),
    user_id INTEGER REFERENCES users (id),  -- null: a service's, or that of a user who is gone
    owner TEXT NOT NULL,
    owner_kind TEXT NOT NULL CHECK (owner_kind IN ('user', 'service')),
    label TEXT NOT NULL,
    scopes TEXT NOT NULL,                   -- JSON array of strings
    networks TEXT NOT NULL,                 -- JSON array of strings
    created_unix_secs INTEGER NOT NULL,
    expires_unix_secs INTEGER,
    revoked_unix_secs INTEGER,              -- in the future: a period of grace
    replaced_by TEXT,
    last_used_unix_secs INTEGER
) STRICT, WITHOUT ROWID;

CREATE INDEX api_keys_by_owner ON api_keys (owner, id);
CREATE INDEX api_keys_by_user ON api_keys (user_id) WHERE user_id IS NOT NULL;

CREATE TABLE refusals (
    position INTEGER PRIMARY KEY,
    request_id TEXT NOT NULL UNIQUE,
    time_unix_secs INTEGER NOT NULL,
    cause TEXT NOT NULL,
    told TEXT NOT NULL,
    status INTEGER NOT NULL,
    scheme TEXT,
    route TEXT,
    method TEXT NOT NULL,
    path TEXT NOT NULL,
    peer TEXT NOT NULL,
    user_agent TEXT,
    steps TEXT NOT NULL                     -- JSON
) STRICT;

-- How many users have a hash of each kind and cost, so that an unknown user can be given one in proportion.
CREATE TABLE decoys (
    hash TEXT PRIMARY KEY,
    users INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- One row. `credentials` counts what drops cached credentials: not a rehash at sign-in, not a last use.
CREATE TABLE changes (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    credentials INTEGER NOT NULL,
    decoys INTEGER NOT NULL
) STRICT;

INSERT INTO changes (only, credentials, decoys) VALUES (1, 0, 0);

CREATE TRIGGER users_added AFTER INSERT ON users BEGIN
    INSERT INTO decoys (hash, users) VALUES (new.decoy, 1)
        ON CONFLICT (hash) DO UPDATE SET users = users + 1;
    UPDATE changes SET credentials = credentials + 1, decoys = decoys + 1;
END;

CREATE TRIGGER users_changed AFTER UPDATE OF name, groups, disabled, version ON users BEGIN
    UPDATE changes SET credentials = credentials + 1;
END;

CREATE TRIGGER users_rehashed AFTER UPDATE OF decoy ON users WHEN old.decoy <> new.decoy BEGIN
    UPDATE decoys SET users = users - 1 WHERE hash = old.decoy;
    DELETE FROM decoys WHERE hash = old.decoy AND users = 0;
    INSERT INTO decoys (hash, users) VALUES (new.decoy, 1)
        ON CONFLICT (hash) DO UPDATE SET users = users + 1;
    UPDATE changes SET decoys = decoys + 1;
END;

CREATE TRIGGER users_removed AFTER DELETE ON users BEGIN
    UPDATE decoys SET users = users - 1 WHERE hash = old.decoy;
    DELETE FROM decoys WHERE hash = old.decoy AND users = 0;
    UPDATE changes SET credentials = credentials + 1, decoys = decoys + 1;
END;

CREATE TRIGGER api_keys_added AFTER INSERT ON api_keys BEGIN
    UPDATE changes SET credentials = credentials + 1;
END;

CREATE TRIGGER api_keys_changed AFTER UPDATE OF digest, user_id, owner, owner_kind, scopes, networks,
    expires_unix_secs, revoked_unix_secs ON api_keys BEGIN
    UPDATE changes SET credentials = credentials + 1;
END;

CREATE TRIGGER api_keys_removed AFTER DELETE ON api_keys BEGIN
    UPDATE changes SET credentials = credentials + 1;
END;
