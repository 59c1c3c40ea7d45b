-- What samples come to, on their way into a tier: one row for each series and bucket or, where the series has states, for
-- each state of them (NULL where it has measurements). total: in one row of a bucket of states the samples of all its
-- rows, 0 in the others. holder: the state of the row which that is to join. newest_value is NULL where the sample at newest_ts is in raw_samples.
CREATE TEMP TABLE sample_groups (
  series_id INTEGER NOT NULL,
  ts INTEGER NOT NULL,
  state REAL,
  count INTEGER NOT NULL,
  total INTEGER NOT NULL,
  holder REAL,
  sum REAL NOT NULL,
  min REAL NOT NULL,
  max REAL NOT NULL,
  newest_ts INTEGER NOT NULL,
  newest_value REAL,
  sketch BLOB
) STRICT;
