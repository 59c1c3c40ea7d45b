-- What the samples of a slice come to, on their way into the 1m tier: one row for each series and bucket or, where the
-- series has states, for each state of them (NULL where it has measurements). Blocks and rows each bring their own.
-- newest_value is NULL where the sample at newest_ts is in raw_samples.
CREATE TEMP TABLE sample_groups (
  series_id INTEGER NOT NULL,
  ts INTEGER NOT NULL,
  state REAL,
  count INTEGER NOT NULL,
  sum REAL NOT NULL,
  min REAL NOT NULL,
  max REAL NOT NULL,
  newest_ts INTEGER NOT NULL,
  newest_value REAL
) STRICT;
