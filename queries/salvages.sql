-- name: ListSalvages :many
-- Scans salvages: one row a damaged file.
SELECT id, source, hash, successor, place, report, ended
FROM salvages
WHERE sound(chk, 'salvages', id, source, hash, successor, place, report, ended)
ORDER BY id;

-- name: CreateSalvage :one
-- Appends to salvages.
INSERT INTO salvages (source, hash, successor, place, report, ended)
VALUES (@source, @hash, @successor, @place, @report, @ended)
RETURNING id;

-- name: MoveSalvage :execrows
-- One seek in salvages by its key. Zero rows: another process has moved it.
UPDATE salvages
SET hash = @hash, place = @place, report = @report, ended = @ended
WHERE id = @id AND place = @known_place AND successor = @successor;

-- name: ForgetSuccessor :exec
-- One seek in salvages by its key.
UPDATE salvages
SET successor = 0
WHERE id = @id;

-- name: SealSalvage :exec
-- One seek in salvages by its key.
UPDATE salvages
SET chk = CAST(seal('salvages', id, source, hash, successor, place, report, ended) AS INTEGER)
WHERE id = @id;

-- name: GroupBucket :exec
-- Appends to sample_groups.
INSERT INTO sample_groups (series_id, ts, count, total, sum, min, max, newest_ts, sketch)
VALUES (@series_id, @ts, @count, 0, @sum, @min, @max, 0, @sketch);

-- name: ForgetHeldGroups :execrows
-- Walks sample_groups whole, and seeks rollups and state_rollups by their keys: what they have is
-- left as it is.
DELETE FROM sample_groups
WHERE EXISTS (
  SELECT 1
  FROM rollups AS r
  WHERE r.granularity = CAST(@granularity AS TEXT) AND r.series_id = sample_groups.series_id AND r.ts = sample_groups.ts
) OR EXISTS (
  SELECT 1
  FROM state_rollups AS q
  WHERE q.granularity = CAST(@granularity AS TEXT) AND q.series_id = sample_groups.series_id AND q.ts = sample_groups.ts
);

-- name: FillSeries :execrows
-- One seek in series by its key, and one in its unique index.
INSERT OR IGNORE INTO series (id, metric_name, wan_name, labels, aggregation, chk)
VALUES (@id, @metric_name, @wan_name, @labels, @aggregation, @chk);

-- name: FillMetricMetadata :execrows
-- One seek in metric_metadata by its key.
INSERT OR IGNORE INTO metric_metadata (metric_name, help, unit, states, percentiles, chk)
VALUES (@metric_name, @help, @unit, @states, @percentiles, @chk);

-- name: FillBlock :execrows
-- One seek in raw_blocks by its key.
INSERT OR IGNORE INTO raw_blocks (id, last_ts, count, chk, payload)
VALUES (@id, @last_ts, @count, @chk, @payload);

-- name: FillSample :execrows
-- One seek in raw_samples by its key.
INSERT OR IGNORE INTO raw_samples (ts, series_id, value, chk)
VALUES (@ts, @series_id, @value, @chk);

-- name: FillRollup :execrows
-- One seek in rollups by its key. Of two versions of a row the later one has more samples.
INSERT INTO rollups (granularity, series_id, ts, count, sum, min, max, chk)
VALUES (@granularity, @series_id, @ts, @count, @sum, @min, @max, @chk)
ON CONFLICT (granularity, series_id, ts) DO UPDATE SET
  count = excluded.count, sum = excluded.sum, min = excluded.min, max = excluded.max, chk = excluded.chk
WHERE excluded.count > rollups.count;

-- name: FillSketch :execrows
-- One seek in sketches by its key. Of two versions of a row the later one has more samples, or none
-- that count.
INSERT INTO sketches (id, sketch, chk)
VALUES (@id, @sketch, @chk)
ON CONFLICT (id) DO UPDATE SET sketch = excluded.sketch, chk = excluded.chk
WHERE sketch_count(excluded.sketch) > sketch_count(sketches.sketch);

-- name: FillStateRollup :execrows
-- One seek in state_rollups by its key. Of two versions of a row the later one has more samples, or
-- its bucket has.
INSERT INTO state_rollups (granularity, series_id, ts, value, count, total, chk)
VALUES (@granularity, @series_id, @ts, @value, @count, @total, @chk)
ON CONFLICT (granularity, series_id, ts, value) DO UPDATE SET
  count = excluded.count, total = excluded.total, chk = excluded.chk
WHERE excluded.count > state_rollups.count OR excluded.total > state_rollups.total;

-- name: FillTier :execrows
-- One seek in tiers by its key. Of two versions of a row the later one has a higher watermark, or
-- floor.
INSERT INTO tiers (granularity, watermark, floor, keep, chk)
VALUES (@granularity, @watermark, @floor, @keep, @chk)
ON CONFLICT (granularity) DO UPDATE SET
  watermark = excluded.watermark, floor = excluded.floor, keep = excluded.keep, chk = excluded.chk
WHERE excluded.watermark > tiers.watermark OR excluded.floor > tiers.floor;

-- name: ForgetTier :exec
-- One seek in tiers by its key.
DELETE FROM tiers
WHERE granularity = @granularity;

-- name: FillClock :execrows
-- One seek in clock by its key.
INSERT INTO clock (id, trusted, doubted, seen, chk)
VALUES (1, @trusted, @doubted, @seen, @chk)
ON CONFLICT (id) DO UPDATE SET
  trusted = excluded.trusted, doubted = excluded.doubted, seen = excluded.seen, chk = excluded.chk
WHERE excluded.seen > clock.seen;

-- name: FillImport :execrows
-- One seek in imports by its key.
INSERT OR IGNORE INTO imports (
  id, source, format, bytes, lines, last_id, second, aggregated, hash, newest_id, newest_hash, updated, chk
) VALUES (
  @id, @source, @format, @bytes, @lines, @last_id, @second, @aggregated, @hash, @newest_id, @newest_hash, @updated, @chk
);

-- name: FillSalvage :execrows
-- One seek in salvages by its key.
INSERT OR IGNORE INTO salvages (id, source, hash, successor, place, report, ended, chk)
VALUES (@id, @source, @hash, @successor, @place, @report, @ended, @chk);

-- name: HasStates :one
-- One seek in state_rollups by its key for each tier.
SELECT CAST(EXISTS (
  SELECT 1
  FROM (
    SELECT '1m' AS granularity
    UNION ALL
    SELECT '5m'
    UNION ALL
    SELECT '1h'
  ) AS t
  CROSS JOIN state_rollups AS q ON q.granularity = t.granularity AND q.series_id = @series_id
) AS INTEGER) AS states;

-- name: CountNameless :one
-- What has no series. Walks raw_samples, rollups, state_rollups and raw_blocks by their keys from
-- the beginning on, and seeks series by its key.
SELECT CAST((
  SELECT count(*)
  FROM raw_samples AS r
  WHERE r.ts >= p.least AND NOT EXISTS (SELECT 1 FROM series AS s WHERE s.id = r.series_id)
) + (
  SELECT count(*)
  FROM rollups AS r
  WHERE r.granularity >= '' AND NOT EXISTS (SELECT 1 FROM series AS s WHERE s.id = r.series_id)
) + (
  SELECT count(*)
  FROM state_rollups AS q
  WHERE q.granularity >= '' AND NOT EXISTS (SELECT 1 FROM series AS s WHERE s.id = q.series_id)
) + (
  SELECT coalesce(sum(f.count), 0)
  FROM (
    SELECT CAST(fold_blocks(b.payload, b.id, 10000000000000000, 0, 10000000000000000, '[]', NULL) AS BLOB) AS folded
    FROM raw_blocks AS b
    WHERE b.id >= p.least AND sound(b.chk, 'raw_blocks', b.id, b.last_ts, b.count, b.payload)
  ) AS made
  CROSS JOIN folded_buckets AS f ON f.folded = made.folded
  WHERE NOT EXISTS (SELECT 1 FROM series AS s WHERE s.id = f.series_id)
) AS INTEGER) AS nameless
FROM (SELECT CAST(@least AS INTEGER) AS least) AS p;
