-- Who and what exactly, for those who look a refusal up: what the log has of it.

ALTER TABLE refusals ADD COLUMN host TEXT;
ALTER TABLE refusals ADD COLUMN subject TEXT;       -- who was refused, verified
ALTER TABLE refusals ADD COLUMN account TEXT;       -- the user whose password was wrong, where there is one by that name
ALTER TABLE refusals ADD COLUMN key_id TEXT;        -- the public id of the API key
ALTER TABLE refusals ADD COLUMN detail TEXT;
