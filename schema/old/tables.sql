-- For sqlc alone: what is copied of a file of version 1 or 2, and the new file, which is attached
-- as rebuilt. Version 1 has no clock. The columns are without their constraints: a damaged file may
-- hold anything.
CREATE TABLE series (
  id INTEGER NOT NULL,
  metric_name TEXT NOT NULL,
  wan_name TEXT NOT NULL,
  labels TEXT NOT NULL,
  aggregation TEXT NOT NULL,
  last_ts INTEGER,
  last_value REAL
);

CREATE TABLE raw_samples (
  ts INTEGER NOT NULL,
  series_id INTEGER NOT NULL,
  value REAL NOT NULL
);

CREATE TABLE rollups (
  granularity TEXT NOT NULL,
  series_id INTEGER NOT NULL,
  ts INTEGER NOT NULL,
  count INTEGER NOT NULL,
  sum REAL NOT NULL,
  min REAL NOT NULL,
  max REAL NOT NULL
);

CREATE TABLE state_rollups (
  granularity TEXT NOT NULL,
  series_id INTEGER NOT NULL,
  ts INTEGER NOT NULL,
  value REAL NOT NULL,
  count INTEGER NOT NULL
);

CREATE TABLE tiers (
  granularity TEXT NOT NULL,
  watermark INTEGER NOT NULL,
  floor INTEGER NOT NULL,
  keep INTEGER NOT NULL
);

CREATE TABLE clock (
  id INTEGER NOT NULL,
  trusted INTEGER NOT NULL,
  doubted INTEGER NOT NULL,
  seen INTEGER NOT NULL
);

CREATE TABLE imports (
  id INTEGER NOT NULL,
  source TEXT NOT NULL,
  format TEXT NOT NULL,
  bytes INTEGER NOT NULL,
  lines INTEGER NOT NULL,
  last_id INTEGER NOT NULL,
  second INTEGER NOT NULL,
  aggregated INTEGER NOT NULL,
  hash BLOB NOT NULL,
  newest_id INTEGER NOT NULL,
  newest_hash BLOB NOT NULL,
  updated INTEGER NOT NULL
);

ATTACH 'rebuilt' AS rebuilt;

CREATE TABLE rebuilt.series (
  id INTEGER NOT NULL,
  metric_name TEXT NOT NULL,
  wan_name TEXT NOT NULL,
  labels TEXT NOT NULL,
  aggregation TEXT NOT NULL,
  last_ts INTEGER,
  last_value REAL,
  chk INTEGER
);

CREATE TABLE rebuilt.raw_samples (
  ts INTEGER NOT NULL,
  series_id INTEGER NOT NULL,
  value REAL NOT NULL,
  chk INTEGER
);

CREATE TABLE rebuilt.rollups (
  granularity TEXT NOT NULL,
  series_id INTEGER NOT NULL,
  ts INTEGER NOT NULL,
  count INTEGER NOT NULL,
  sum REAL NOT NULL,
  min REAL NOT NULL,
  max REAL NOT NULL,
  chk INTEGER
);

CREATE TABLE rebuilt.state_rollups (
  granularity TEXT NOT NULL,
  series_id INTEGER NOT NULL,
  ts INTEGER NOT NULL,
  value REAL NOT NULL,
  count INTEGER NOT NULL,
  total INTEGER NOT NULL,
  chk INTEGER
);

CREATE TABLE rebuilt.tiers (
  granularity TEXT NOT NULL,
  watermark INTEGER NOT NULL,
  floor INTEGER NOT NULL,
  keep INTEGER NOT NULL,
  chk INTEGER
);

CREATE TABLE rebuilt.clock (
  id INTEGER NOT NULL,
  trusted INTEGER NOT NULL,
  doubted INTEGER NOT NULL,
  seen INTEGER NOT NULL,
  chk INTEGER
);

CREATE TABLE rebuilt.imports (
  id INTEGER NOT NULL,
  source TEXT NOT NULL,
  format TEXT NOT NULL,
  bytes INTEGER NOT NULL,
  lines INTEGER NOT NULL,
  last_id INTEGER NOT NULL,
  second INTEGER NOT NULL,
  aggregated INTEGER NOT NULL,
  hash BLOB NOT NULL,
  newest_id INTEGER NOT NULL,
  newest_hash BLOB NOT NULL,
  updated INTEGER NOT NULL,
  chk INTEGER
);
