-- How many acts there are by commands, in accounts, and in the account of one user.

CREATE INDEX acts_by_kind ON acts (by_kind);
CREATE INDEX acts_by_whom ON acts (by_kind, by_name);
