-- What copies a file of an earlier version into a new one, which is attached as rebuilt. A value
-- that is not of its column, or no finite number, is damage: its row is left out, and so is one
-- whose key is there already, or which is of no series. The plus takes the affinity from a value
-- that is cast: with one SQLite seeks by the first column of a key only.

-- name: CountOld :one
-- Scans series, raw_samples, rollups, state_rollups and imports of the old file.
SELECT
  (SELECT count(*) FROM series) AS series,
  (SELECT count(*) FROM raw_samples) AS raw_samples,
  (SELECT count(*) FROM rollups) AS rollups,
  (SELECT count(*) FROM state_rollups) AS state_rollups,
  (SELECT count(*) FROM imports) AS imports;

-- name: CopySeries :execrows
-- Scans series of the old file, appends to that of the new one. The newest sample is no part of the
-- identity: where it is damaged, it alone is left out.
INSERT OR IGNORE INTO rebuilt.series (id, metric_name, wan_name, labels, aggregation, last_ts, last_value, chk)
SELECT
  o.id, o.metric_name, o.wan_name, o.labels, o.aggregation,
  CASE WHEN typeof(o.last_ts) = 'integer' AND abs(o.last_value) <= 1.7976931348623157e308 THEN o.last_ts END,
  CASE WHEN typeof(o.last_ts) = 'integer' AND abs(o.last_value) <= 1.7976931348623157e308 THEN o.last_value END,
  CAST(seal('series', o.id, o.metric_name, o.wan_name, o.labels, o.aggregation) AS INTEGER)
FROM series AS o
WHERE
  typeof(o.metric_name) = 'text' AND typeof(o.wan_name) = 'text' AND typeof(o.labels) = 'text'
  AND typeof(o.aggregation) = 'text' AND typeof(o.last_value) IN ('real', 'null')
ORDER BY o.id;

-- name: CopyTiers :execrows
-- One seek a tier in tiers of the old file, and in that of the new one.
INSERT OR REPLACE INTO rebuilt.tiers (granularity, watermark, floor, keep, chk)
SELECT
  o.granularity, o.watermark, o.floor, o.keep,
  CAST(seal('tiers', o.granularity, o.watermark, o.floor, o.keep) AS INTEGER)
FROM tiers AS o
WHERE
  o.granularity IN ('raw', '1m', '5m', '1h')
  AND typeof(o.watermark) = 'integer' AND typeof(o.floor) = 'integer' AND typeof(o.keep) = 'integer';

-- name: CopyClock :execrows
-- One seek in clock of the old file, which version 1 does not have, and in that of the new one.
INSERT OR REPLACE INTO rebuilt.clock (id, trusted, doubted, seen, chk)
SELECT o.id, o.trusted, o.doubted, o.seen, CAST(seal('clock', o.id, o.trusted, o.doubted, o.seen) AS INTEGER)
FROM clock AS o
WHERE
  o.id = 1
  AND typeof(o.trusted) = 'integer' AND typeof(o.doubted) = 'integer' AND typeof(o.seen) = 'integer';

-- name: CopyImports :execrows
-- Scans imports of the old file, appends to that of the new one.
INSERT OR IGNORE INTO rebuilt.imports (
  id, source, format, bytes, lines, last_id, second, aggregated, hash, newest_id, newest_hash, updated, chk
)
SELECT
  o.id, o.source, o.format, o.bytes, o.lines, o.last_id, o.second, o.aggregated, o.hash, o.newest_id, o.newest_hash,
  o.updated,
  CAST(seal(
    'imports', o.id, o.source, o.format, o.bytes, o.lines, o.last_id, o.second, o.aggregated, o.hash, o.newest_id,
    o.newest_hash, o.updated
  ) AS INTEGER)
FROM imports AS o
WHERE
  typeof(o.source) = 'text' AND typeof(o.format) = 'text' AND typeof(o.bytes) = 'integer'
  AND typeof(o.lines) = 'integer' AND typeof(o.last_id) = 'integer' AND typeof(o.second) = 'integer'
  AND typeof(o.aggregated) = 'integer' AND typeof(o.hash) = 'blob' AND typeof(o.newest_id) = 'integer'
  AND typeof(o.newest_hash) = 'blob' AND typeof(o.updated) = 'integer'
ORDER BY o.id;

-- name: NthOldSample :one
-- Walks raw_samples of the old file by its key, nth rows beyond one.
SELECT o.ts, o.series_id
FROM raw_samples AS o
WHERE
  (o.ts, o.series_id) > (+CAST(@ts AS INTEGER), +CAST(@series_id AS INTEGER))
  AND typeof(o.ts) = 'integer' AND typeof(o.series_id) = 'integer'
ORDER BY o.ts, o.series_id
LIMIT 1 OFFSET @nth;

-- name: CopySamples :execrows
-- Walks raw_samples of the old file by its key, beyond one up to another; appends to those of the
-- new one.
INSERT OR IGNORE INTO rebuilt.raw_samples (ts, series_id, value, chk)
SELECT o.ts, o.series_id, o.value, CAST(seal('raw_samples', o.ts, o.series_id, o.value) AS INTEGER)
FROM raw_samples AS o
WHERE
  (o.ts, o.series_id) > (+CAST(@after_ts AS INTEGER), +CAST(@after_series_id AS INTEGER))
  AND (o.ts, o.series_id) <= (+CAST(@ts AS INTEGER), +CAST(@series_id AS INTEGER))
  AND typeof(o.ts) = 'integer' AND typeof(o.series_id) = 'integer'
  AND typeof(o.value) = 'real' AND abs(o.value) <= 1.7976931348623157e308
  AND o.series_id IN (SELECT s.id FROM series AS s)
ORDER BY o.ts, o.series_id;

-- name: NthOldRollup :one
-- Walks rollups of the old file by its key, nth rows beyond one.
SELECT o.granularity, o.series_id, o.ts
FROM rollups AS o
WHERE
  (o.granularity, o.series_id, o.ts)
  > (+CAST(@granularity AS TEXT), +CAST(@series_id AS INTEGER), +CAST(@ts AS INTEGER))
  AND typeof(o.granularity) = 'text' AND typeof(o.series_id) = 'integer' AND typeof(o.ts) = 'integer'
ORDER BY o.granularity, o.series_id, o.ts
LIMIT 1 OFFSET @nth;

-- name: CopyRollups :execrows
-- Walks rollups of the old file by its key, beyond one up to another; appends to those of the new
-- one.
INSERT OR IGNORE INTO rebuilt.rollups (granularity, series_id, ts, count, sum, min, max, chk)
SELECT
  o.granularity, o.series_id, o.ts, o.count, o.sum, o.min, o.max,
  CAST(seal('rollups', o.granularity, o.series_id, o.ts, o.count, o.sum, o.min, o.max) AS INTEGER)
FROM rollups AS o
WHERE
  (o.granularity, o.series_id, o.ts)
  > (+CAST(@after_granularity AS TEXT), +CAST(@after_series_id AS INTEGER), +CAST(@after_ts AS INTEGER))
  AND (o.granularity, o.series_id, o.ts)
  <= (+CAST(@granularity AS TEXT), +CAST(@series_id AS INTEGER), +CAST(@ts AS INTEGER))
  AND typeof(o.granularity) = 'text' AND typeof(o.series_id) = 'integer' AND typeof(o.ts) = 'integer'
  AND typeof(o.count) = 'integer'
  AND typeof(o.sum) = 'real' AND abs(o.sum) <= 1.7976931348623157e308
  AND typeof(o.min) = 'real' AND abs(o.min) <= 1.7976931348623157e308
  AND typeof(o.max) = 'real' AND abs(o.max) <= 1.7976931348623157e308
  AND o.series_id IN (SELECT s.id FROM series AS s)
ORDER BY o.granularity, o.series_id, o.ts;

-- name: NthOldState :one
-- Walks state_rollups of the old file by its key, nth rows beyond one.
SELECT o.granularity, o.series_id, o.ts, o.value
FROM state_rollups AS o
WHERE
  (o.granularity, o.series_id, o.ts, o.value)
  > (+CAST(@granularity AS TEXT), +CAST(@series_id AS INTEGER), +CAST(@ts AS INTEGER), +CAST(@value AS REAL))
  AND typeof(o.granularity) = 'text' AND typeof(o.series_id) = 'integer' AND typeof(o.ts) = 'integer'
  AND typeof(o.value) = 'real'
ORDER BY o.granularity, o.series_id, o.ts, o.value
LIMIT 1 OFFSET @nth;

-- name: CopyStates :execrows
-- Walks state_rollups of the old file by its key, beyond one up to another; appends to those of the
-- new one. The least state of a bucket has the total of all states, so that one that is left out
-- takes its bucket with it. The LIMIT lets SQLite add them up once.
INSERT OR IGNORE INTO rebuilt.state_rollups (granularity, series_id, ts, value, count, total, chk)
SELECT
  c.granularity, c.series_id, c.ts, c.value, c.count, c.total,
  CAST(seal('state_rollups', c.granularity, c.series_id, c.ts, c.value, c.count, c.total) AS INTEGER)
FROM (
  SELECT
    o.granularity, o.series_id, o.ts, o.value, o.count,
    CASE WHEN NOT EXISTS (
      SELECT 1
      FROM state_rollups AS s
      WHERE s.granularity = o.granularity AND s.series_id = o.series_id AND s.ts = o.ts AND s.value < o.value
    ) THEN (
      SELECT CAST(total(s.count) AS INTEGER)
      FROM state_rollups AS s
      WHERE s.granularity = o.granularity AND s.series_id = o.series_id AND s.ts = o.ts
    ) ELSE 0 END AS total
  FROM state_rollups AS o
  WHERE
    (o.granularity, o.series_id, o.ts, o.value)
    > (
      +CAST(@after_granularity AS TEXT), +CAST(@after_series_id AS INTEGER), +CAST(@after_ts AS INTEGER),
      +CAST(@after_value AS REAL)
    )
    AND (o.granularity, o.series_id, o.ts, o.value)
    <= (+CAST(@granularity AS TEXT), +CAST(@series_id AS INTEGER), +CAST(@ts AS INTEGER), +CAST(@value AS REAL))
    AND typeof(o.granularity) = 'text' AND typeof(o.series_id) = 'integer' AND typeof(o.ts) = 'integer'
    AND typeof(o.value) = 'real' AND abs(o.value) <= 1.7976931348623157e308
    AND typeof(o.count) = 'integer'
    AND o.series_id IN (SELECT s.id FROM series AS s)
  ORDER BY o.granularity, o.series_id, o.ts, o.value
  LIMIT -1
) AS c;
