-- What the samples of a slice come to, on their way into the 1m tier: one row for each series and bucket or, where the series has states, for each state of them (NULL where it has measurements).
CREATE TEMP TABLE sample_groups (
  series_id INTEGER NOT NULL,
  ts INTEGER NOT NULL,
  state REAL,
  count INTEGER NOT NULL,
  sum REAL NOT NULL,
  min REAL NOT NULL,
  max REAL NOT NULL,
  newest_ts INTEGER NOT NULL
) STRICT;
