-- name: MergeRollup :exec
-- One seek in rollups by its key: a late sample joins the bucket that has already been made.
INSERT INTO rollups (granularity, series_id, ts, count, sum, min, max)
VALUES (@granularity, @series_id, @ts, @count, @sum, @min, @max)
ON CONFLICT (granularity, series_id, ts) DO UPDATE SET
  count = rollups.count + excluded.count,
  sum = rollups.sum + excluded.sum,
  min = min(rollups.min, excluded.min),
  max = max(rollups.max, excluded.max);

-- name: MergeStateRollup :exec
-- One seek in state_rollups by its key.
INSERT INTO state_rollups (granularity, series_id, ts, value, count)
VALUES (@granularity, @series_id, @ts, @value, @count)
ON CONFLICT (granularity, series_id, ts, value) DO UPDATE SET count = state_rollups.count + excluded.count;

-- name: GroupSamples :exec
-- Walks raw_samples by its key over the slice [from_ts, until_ts), seeks series by its key; groups in a temporary B-tree.
INSERT INTO sample_groups (series_id, ts, state, count, sum, min, max, newest_ts)
SELECT
  r.series_id,
  r.ts / p.bucket * p.bucket AS bucket_ts,
  CASE s.aggregation WHEN 'mode' THEN r.value END AS state,
  count(*),
  sum(r.value),
  min(r.value),
  max(r.value),
  max(r.ts)
FROM (SELECT CAST(@bucket AS INTEGER) AS bucket) AS p
CROSS JOIN raw_samples AS r
CROSS JOIN series AS s ON s.id = r.series_id
WHERE r.ts >= @from_ts AND r.ts < @until_ts
GROUP BY r.series_id, bucket_ts, state;

-- name: RollUpSamples :exec
-- Walks sample_groups whole, seeks rollups by its key.
INSERT INTO rollups (granularity, series_id, ts, count, sum, min, max)
SELECT CAST(@granularity AS TEXT), g.series_id, g.ts, g.count, g.sum, g.min, g.max
FROM sample_groups AS g
WHERE g.state IS NULL
ON CONFLICT (granularity, series_id, ts) DO UPDATE SET
  count = rollups.count + excluded.count,
  sum = rollups.sum + excluded.sum,
  min = min(rollups.min, excluded.min),
  max = max(rollups.max, excluded.max);

-- name: RollUpStateSamples :exec
-- Walks sample_groups whole, seeks state_rollups by its key.
INSERT INTO state_rollups (granularity, series_id, ts, value, count)
SELECT CAST(@granularity AS TEXT), g.series_id, g.ts, g.state, g.count
FROM sample_groups AS g
WHERE g.state IS NOT NULL
ON CONFLICT (granularity, series_id, ts, value) DO UPDATE SET count = state_rollups.count + excluded.count;

-- name: ForgetSampleGroups :exec
-- Scans sample_groups, of which SQLite gives all pages back at once.
DELETE FROM sample_groups;

-- name: RollUpRollups :exec
-- For each avg series, walks rollups by its key over [from_ts, until_ts) of the finer tier; groups in a temporary B-tree.
INSERT INTO rollups (granularity, series_id, ts, count, sum, min, max)
SELECT
  CAST(@granularity AS TEXT),
  r.series_id,
  r.ts / p.bucket * p.bucket AS bucket_ts,
  sum(r.count),
  sum(r.sum),
  min(r.min),
  max(r.max)
FROM rollups AS r, (SELECT CAST(@bucket AS INTEGER) AS bucket) AS p
WHERE
  r.granularity = @source
  AND r.series_id IN (SELECT s.id FROM series AS s WHERE s.aggregation = 'avg')
  AND r.ts >= @from_ts
  AND r.ts < @until_ts
GROUP BY r.series_id, bucket_ts
ON CONFLICT (granularity, series_id, ts) DO UPDATE SET
  count = rollups.count + excluded.count,
  sum = rollups.sum + excluded.sum,
  min = min(rollups.min, excluded.min),
  max = max(rollups.max, excluded.max);

-- name: RollUpStateRollups :exec
-- For each mode series, walks state_rollups by its key over [from_ts, until_ts) of the finer tier; groups in a
-- temporary B-tree.
INSERT INTO state_rollups (granularity, series_id, ts, value, count)
SELECT
  CAST(@granularity AS TEXT),
  r.series_id,
  r.ts / p.bucket * p.bucket AS bucket_ts,
  r.value,
  sum(r.count)
FROM state_rollups AS r, (SELECT CAST(@bucket AS INTEGER) AS bucket) AS p
WHERE
  r.granularity = @source
  AND r.series_id IN (SELECT s.id FROM series AS s WHERE s.aggregation = 'mode')
  AND r.ts >= @from_ts
  AND r.ts < @until_ts
GROUP BY r.series_id, bucket_ts, r.value
ON CONFLICT (granularity, series_id, ts, value) DO UPDATE SET count = state_rollups.count + excluded.count;

-- name: FirstBucket :one
-- For each series one seek in the rollups of its kind. NULL becomes -1: the tier has nothing from from_ts on.
SELECT CAST(coalesce(min(first.ts), -1) AS INTEGER) AS ts
FROM (
  SELECT
    CASE s.aggregation
      WHEN 'avg' THEN (
        SELECT r.ts
        FROM rollups AS r
        WHERE r.granularity = @granularity AND r.series_id = s.id AND r.ts >= @from_ts
        ORDER BY r.ts
        LIMIT 1
      )
      ELSE (
        SELECT q.ts
        FROM state_rollups AS q
        WHERE q.granularity = @granularity AND q.series_id = s.id AND q.ts >= @from_ts
        ORDER BY q.ts
        LIMIT 1
      )
    END AS ts
  FROM series AS s
) AS first;

-- name: LastBucket :one
-- For each series one seek in the rollups of its kind. NULL becomes -1: the tier has nothing in [from_ts, until_ts).
SELECT CAST(coalesce(max(last.ts), -1) AS INTEGER) AS ts
FROM (
  SELECT
    CASE s.aggregation
      WHEN 'avg' THEN (
        SELECT r.ts
        FROM rollups AS r
        WHERE r.granularity = @granularity AND r.series_id = s.id AND r.ts >= @from_ts AND r.ts < @until_ts
        ORDER BY r.ts DESC
        LIMIT 1
      )
      ELSE (
        SELECT q.ts
        FROM state_rollups AS q
        WHERE q.granularity = @granularity AND q.series_id = s.id AND q.ts >= @from_ts AND q.ts < @until_ts
        ORDER BY q.ts DESC
        LIMIT 1
      )
    END AS ts
  FROM series AS s
) AS last;

-- name: NthBucket :one
-- For each series, walks the rollups of its kind by its key so many rows far. NULL becomes -1: no series has more than that
-- in [from_ts, until_ts).
SELECT CAST(coalesce(min(nth.ts), -1) AS INTEGER) AS ts
FROM (
  SELECT
    CASE s.aggregation
      WHEN 'avg' THEN (
        SELECT r.ts
        FROM rollups AS r
        WHERE r.granularity = @granularity AND r.series_id = s.id AND r.ts >= @from_ts AND r.ts < @until_ts
        ORDER BY r.ts
        LIMIT 1 OFFSET @buckets
      )
      ELSE (
        SELECT q.ts
        FROM state_rollups AS q
        WHERE q.granularity = @granularity AND q.series_id = s.id AND q.ts >= @from_ts AND q.ts < @until_ts
        ORDER BY q.ts
        LIMIT 1 OFFSET @states
      )
    END AS ts
  FROM series AS s
) AS nth;
