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

-- name: RollUpSamples :exec
-- Walks raw_samples by its key over the slice [from_ts, until_ts); groups in a temporary B-tree.
INSERT INTO rollups (granularity, series_id, ts, count, sum, min, max)
SELECT
  CAST(@granularity AS TEXT),
  r.series_id,
  r.ts / p.bucket * p.bucket AS bucket_ts,
  count(*),
  sum(r.value),
  min(r.value),
  max(r.value)
FROM raw_samples AS r, (SELECT CAST(@bucket AS INTEGER) AS bucket) AS p
WHERE
  r.ts >= @from_ts
  AND r.ts < @until_ts
  AND r.series_id IN (SELECT s.id FROM series AS s WHERE s.aggregation = 'avg')
GROUP BY r.series_id, bucket_ts
ON CONFLICT (granularity, series_id, ts) DO UPDATE SET
  count = rollups.count + excluded.count,
  sum = rollups.sum + excluded.sum,
  min = min(rollups.min, excluded.min),
  max = max(rollups.max, excluded.max);

-- name: RollUpStateSamples :exec
-- Walks raw_samples by its key over the slice [from_ts, until_ts); groups in a temporary B-tree.
INSERT INTO state_rollups (granularity, series_id, ts, value, count)
SELECT
  CAST(@granularity AS TEXT),
  r.series_id,
  r.ts / p.bucket * p.bucket AS bucket_ts,
  r.value,
  count(*)
FROM raw_samples AS r, (SELECT CAST(@bucket AS INTEGER) AS bucket) AS p
WHERE
  r.ts >= @from_ts
  AND r.ts < @until_ts
  AND r.series_id IN (SELECT s.id FROM series AS s WHERE s.aggregation = 'mode')
GROUP BY r.series_id, bucket_ts, r.value
ON CONFLICT (granularity, series_id, ts, value) DO UPDATE SET count = state_rollups.count + excluded.count;

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
