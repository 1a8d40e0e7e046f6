-- What people have done to users, keys, sessions and brakes: begun before it is done, and its end noted after.

CREATE TABLE acts (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    time_unix_secs INTEGER NOT NULL,
    by_kind TEXT NOT NULL CHECK (by_kind IN ('command', 'account')),
    by_name TEXT NOT NULL,
    login TEXT,                             -- who signed in at the machine, where that is another
    address TEXT,                           -- where they came from
    act TEXT NOT NULL,
    user TEXT,                              -- whom it concerns
    object TEXT,                            -- the id of a key or session, or a network
    detail TEXT,                            -- what was asked for
    outcome TEXT CHECK (outcome IN ('done', 'failed')),     -- none: its end was not noted
    result TEXT,                            -- what came of it
    told INTEGER NOT NULL DEFAULT 0 CHECK (told IN (0, 1))  -- whether a gateway's log has it
) STRICT;

CREATE INDEX acts_time ON acts (time_unix_secs);
CREATE INDEX acts_untold ON acts (position) WHERE told = 0;
