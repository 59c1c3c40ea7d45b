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

-- How far an import has been taken in: its first `bytes` bytes (uncompressed) have this SHA-256.
CREATE TABLE imports (
  id INTEGER PRIMARY KEY,
  source TEXT NOT NULL,
  bytes INTEGER NOT NULL,
  lines INTEGER NOT NULL,
  hash BLOB NOT NULL,
  updated INTEGER NOT NULL
) STRICT;

-- What wanctl's tools read: every moment once, at the finest granularity that still has it.
-- id is unique among up to 2048 series.
CREATE VIEW metrics AS
SELECT
  r.ts * 2048 + r.series_id % 2048 AS id,
  r.ts / 1000000 AS timestamp,
  s.wan_name,
  s.metric_name,
  r.value,
  nullif(s.labels, '{}') AS labels,
  'raw' AS granularity,
  1 AS count
FROM raw_samples AS r
JOIN series AS s ON s.id = r.series_id
WHERE r.ts >= (SELECT t.floor FROM tiers AS t WHERE t.granularity = 'raw')
UNION ALL
SELECT
  r.ts * 2048 + r.series_id % 2048,
  r.ts / 1000000,
  s.wan_name,
  s.metric_name,
  max(r.min, min(r.max, r.sum / r.count)),
  nullif(s.labels, '{}'),
  r.granularity,
  r.count
FROM tiers AS t
JOIN tiers AS finer
  ON (t.granularity = '1m' AND finer.granularity = 'raw')
  OR (t.granularity = '5m' AND finer.granularity = '1m')
  OR (t.granularity = '1h' AND finer.granularity = '5m')
JOIN series AS s ON s.aggregation = 'avg'
JOIN rollups AS r
  ON r.granularity = t.granularity AND r.series_id = s.id AND r.ts >= t.floor AND r.ts < finer.floor
UNION ALL
SELECT
  r.ts * 2048 + r.series_id % 2048,
  r.ts / 1000000,
  s.wan_name,
  s.metric_name,
  (
    SELECT m.value
    FROM state_rollups AS m
    WHERE m.granularity = r.granularity AND m.series_id = r.series_id AND m.ts = r.ts
    ORDER BY m.count DESC, m.value DESC
    LIMIT 1
  ),
  nullif(s.labels, '{}'),
  r.granularity,
  sum(r.count)
FROM tiers AS t
JOIN tiers AS finer
  ON (t.granularity = '1m' AND finer.granularity = 'raw')
  OR (t.granularity = '5m' AND finer.granularity = '1m')
  OR (t.granularity = '1h' AND finer.granularity = '5m')
JOIN series AS s ON s.aggregation = 'mode'
JOIN state_rollups AS r
  ON r.granularity = t.granularity AND r.series_id = s.id AND r.ts >= t.floor AND r.ts < finer.floor
GROUP BY r.granularity, r.series_id, r.ts;
