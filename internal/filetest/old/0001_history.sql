-- The first version of the file. docs/FORMAT.md describes it for other programs.
-- Time is INTEGER microseconds since the Unix epoch, UTC. Ranges are half-open: [from, until).

-- One row a series. aggregation is set by the first row of a metric and never changes.
-- last_ts and last_value are the newest sample below the 1m watermark; what is newer is found in raw_samples.
CREATE TABLE series (
  id INTEGER PRIMARY KEY,
  metric_name TEXT NOT NULL,
  wan_name TEXT NOT NULL,
  labels TEXT NOT NULL,
  aggregation TEXT NOT NULL CHECK (aggregation IN ('avg', 'mode')),
  last_ts INTEGER,
  last_value REAL,
  UNIQUE (metric_name, wan_name, labels)
) STRICT;

-- Time first: samples arrive in the order of time, so a commit rewrites one leaf and not one leaf a series.
CREATE TABLE raw_samples (
  ts INTEGER NOT NULL,
  series_id INTEGER NOT NULL,
  value REAL NOT NULL,
  PRIMARY KEY (ts, series_id)
) STRICT, WITHOUT ROWID;

-- Buckets of series whose aggregation is avg. The average is sum / count, so tiers merge exactly.
CREATE TABLE rollups (
  granularity TEXT NOT NULL,
  series_id INTEGER NOT NULL,
  ts INTEGER NOT NULL,
  count INTEGER NOT NULL,
  sum REAL NOT NULL,
  min REAL NOT NULL,
  max REAL NOT NULL,
  PRIMARY KEY (granularity, series_id, ts)
) STRICT, WITHOUT ROWID;

-- Buckets of series whose aggregation is mode: one row a state that occurred, with its number of samples.
CREATE TABLE state_rollups (
  granularity TEXT NOT NULL,
  series_id INTEGER NOT NULL,
  ts INTEGER NOT NULL,
  value REAL NOT NULL,
  count INTEGER NOT NULL,
  PRIMARY KEY (granularity, series_id, ts, value)
) STRICT, WITHOUT ROWID;

-- watermark: everything before it has been rolled up into the tier (unused for raw, which nothing is rolled up into).
-- floor: rows before it no longer count and wait to be swept. keep: the age at which the tier lets go.
CREATE TABLE tiers (
  granularity TEXT PRIMARY KEY,
  watermark INTEGER NOT NULL,
  floor INTEGER NOT NULL,
  keep INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO tiers (granularity, watermark, floor, keep) VALUES
  ('raw', 0, 0, 3600000000),
  ('1m', 0, 0, 86400000000),
  ('5m', 0, 0, 604800000000),
  ('1h', 0, 0, 604800000000);

-- How far an import has been taken in. csv: the first `bytes` bytes (uncompressed), which are `lines` lines and have this
-- SHA-256. wanctl: the rows up to `last_id` of before the Unix second `second`, where row `last_id` has this SHA-256, and row
-- `newest_id`, the newest of them, `newest_hash`; `aggregated` is 1 as long as aggregated rows are taken, too.
CREATE TABLE imports (
  id INTEGER PRIMARY KEY,
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
) STRICT;

-- What wanctl's tools read: every moment once, at the finest granularity that still has it, so each tier up to the floor of
-- the next finer one. id is unique among up to 2048 series.
--
-- What a tool asks for on metric_name, wan_name and granularity has to reach the keys. So the order of the loops is fixed
-- (CROSS JOIN: SQLite has no statistics of the file), and no arm groups: a condition stops at a GROUP BY. Conditions on
-- timestamp, an expression, only pass over rows that are walked. The casts let it and value be compared with text, such as
-- strftime() returns, as the columns of wanctl's table can be.
CREATE VIEW metrics AS
SELECT
  r.ts * 2048 + r.series_id % 2048 AS id,
  CAST(r.ts / 1000000 AS INTEGER) AS timestamp,
  s.wan_name,
  s.metric_name,
  r.value,
  nullif(s.labels, '{}') AS labels,
  t.granularity,
  1 AS count
FROM tiers AS t
CROSS JOIN raw_samples AS r ON r.ts >= t.floor
CROSS JOIN series AS s ON s.id = r.series_id
WHERE t.granularity = 'raw'
UNION ALL
SELECT
  r.ts * 2048 + r.series_id % 2048,
  CAST(r.ts / 1000000 AS INTEGER),
  s.wan_name,
  s.metric_name,
  CAST(max(r.min, min(r.max, r.sum / r.count)) AS REAL),
  nullif(s.labels, '{}'),
  t.granularity,
  r.count
FROM series AS s
CROSS JOIN tiers AS t
CROSS JOIN tiers AS finer
  ON finer.granularity = CASE t.granularity WHEN '1m' THEN 'raw' WHEN '5m' THEN '1m' WHEN '1h' THEN '5m' END
CROSS JOIN rollups AS r
  ON r.granularity = t.granularity AND r.series_id = s.id AND r.ts >= t.floor AND r.ts < finer.floor
WHERE s.aggregation = 'avg'
UNION ALL
-- Of the states of a bucket the one that no other comes before: by the count, then by the value.
SELECT
  r.ts * 2048 + r.series_id % 2048,
  CAST(r.ts / 1000000 AS INTEGER),
  s.wan_name,
  s.metric_name,
  r.value,
  nullif(s.labels, '{}'),
  t.granularity,
  (
    SELECT sum(o.count)
    FROM state_rollups AS o
    WHERE o.granularity = r.granularity AND o.series_id = r.series_id AND o.ts = r.ts
  )
FROM series AS s
CROSS JOIN tiers AS t
CROSS JOIN tiers AS finer
  ON finer.granularity = CASE t.granularity WHEN '1m' THEN 'raw' WHEN '5m' THEN '1m' WHEN '1h' THEN '5m' END
CROSS JOIN state_rollups AS r
  ON r.granularity = t.granularity AND r.series_id = s.id AND r.ts >= t.floor AND r.ts < finer.floor
WHERE s.aggregation = 'mode' AND NOT EXISTS (
  SELECT 1
  FROM state_rollups AS o
  WHERE o.granularity = r.granularity AND o.series_id = r.series_id AND o.ts = r.ts
    AND (o.count > r.count OR (o.count = r.count AND o.value > r.value))
);
