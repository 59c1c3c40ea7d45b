-- name: MergeRollup :execrows
-- One seek in rollups by its key: a late sample joins the bucket that has already been made. Zero
-- rows: that is not sound, and stays as it is.
INSERT INTO rollups (granularity, series_id, ts, count, sum, min, max, chk)
VALUES (@granularity, @series_id, @ts, @count, @sum, @min, @max, CAST(@chk AS INTEGER))
ON CONFLICT (granularity, series_id, ts) DO UPDATE SET
  count = rollups.count + excluded.count,
  sum = rollups.sum + excluded.sum,
  min = min(rollups.min, excluded.min),
  max = max(rollups.max, excluded.max),
  chk = CAST(seal(
    'rollups', rollups.granularity, rollups.series_id, rollups.ts, rollups.count + excluded.count,
    rollups.sum + excluded.sum, min(rollups.min, excluded.min), max(rollups.max, excluded.max)
  ) AS INTEGER)
WHERE mergeable(
  excluded.count, rollups.chk, 'rollups', rollups.granularity, rollups.series_id, rollups.ts, rollups.count,
  rollups.sum, rollups.min, rollups.max
);

-- name: GroupBlocks :exec
-- fold_blocks makes one blob of what the samples of many blocks come to, by series, bucket and,
-- where they are states, value; the row source folded_buckets makes rows of that. Walks raw_blocks
-- by its key: of each part the blocks of [first, last). Scans metric_metadata; walks, for metrics
-- that keep no percentiles, the unique index of series, and seeks series by its key.
INSERT INTO sample_groups (series_id, ts, state, count, total, holder, sum, min, max, newest_ts, newest_value, sketch)
SELECT
  f.series_id, f.ts, f.state, f.count, f.total, f.state, f.sum, f.min, f.max, f.newest_ts, f.newest_value, f.sketch
FROM (
  SELECT CAST(fold_blocks(
    b.payload, b.id, p.bucket, p.from_ts, p.until_ts, p.states, p.plain
  ) AS BLOB) AS folded
  FROM (
    SELECT
      CAST(@bucket AS INTEGER) AS bucket,
      CAST(@from_ts AS INTEGER) AS from_ts,
      CAST(@until_ts AS INTEGER) AS until_ts,
      (SELECT json_group_array(s.id) FROM series AS s WHERE s.aggregation = 'mode') AS states,
      (
        SELECT json_group_array(s.id)
        FROM metric_metadata AS m
        CROSS JOIN series AS s ON s.metric_name = m.metric_name
        WHERE m.percentiles = 0
      ) AS plain
  ) AS p
  CROSS JOIN json_each(CAST(@parts AS TEXT)) AS q
  CROSS JOIN raw_blocks AS b
    ON b.id >= q.value * 10000000000000000 + CAST(@first AS INTEGER)
    AND b.id < q.value * 10000000000000000 + CAST(@last AS INTEGER)
  WHERE b.last_ts >= p.from_ts AND sound(b.chk, 'raw_blocks', b.id, b.last_ts, b.count, b.payload)
) AS made
CROSS JOIN folded_buckets AS f ON f.folded = made.folded
CROSS JOIN series AS s ON s.id = f.series_id;

-- name: GroupSamples :exec
-- Walks raw_samples by its key over the slice [from_ts, until_ts), seeks series and metric_metadata
-- by their keys; groups in a temporary B-tree. One row of a bucket gets its total.
INSERT INTO sample_groups (series_id, ts, state, count, total, holder, sum, min, max, newest_ts, sketch)
SELECT
  r.series_id,
  r.ts / p.bucket * p.bucket AS bucket_ts,
  CASE s.aggregation WHEN 'mode' THEN r.value END AS state,
  count(*),
  CASE row_number() OVER (PARTITION BY r.series_id, r.ts / p.bucket)
    WHEN 1 THEN sum(count(*)) OVER (PARTITION BY r.series_id, r.ts / p.bucket)
    ELSE 0
  END,
  CASE s.aggregation WHEN 'mode' THEN r.value END,
  sum(r.value),
  min(r.value),
  max(r.value),
  max(r.ts),
  sketch(CASE WHEN s.aggregation = 'avg' AND coalesce(m.percentiles, 1) THEN r.value END)
FROM (SELECT CAST(@bucket AS INTEGER) AS bucket) AS p
CROSS JOIN raw_samples AS r
CROSS JOIN series AS s ON s.id = r.series_id
LEFT JOIN metric_metadata AS m ON m.metric_name = s.metric_name
WHERE r.ts >= @from_ts AND r.ts < @until_ts AND sound(r.chk, 'raw_samples', r.ts, r.series_id, r.value)
GROUP BY r.series_id, bucket_ts, state;

-- name: GroupRollups :exec
-- For each avg series, walks rollups by its key over [from_ts, until_ts) of the finer tier, and
-- seeks sketches by its key; groups in a temporary B-tree.
INSERT INTO sample_groups (series_id, ts, count, total, sum, min, max, newest_ts, sketch)
SELECT
  r.series_id,
  r.ts / p.bucket * p.bucket AS bucket_ts,
  sum(r.count),
  0,
  sum(r.sum),
  min(r.min),
  max(r.max),
  0,
  CAST(sum_sketches(k.sketch, r.count) AS BLOB)
FROM (SELECT CAST(@bucket AS INTEGER) AS bucket) AS p
CROSS JOIN rollups AS r
LEFT JOIN sketches AS k
  ON k.id = sketch_id(r.granularity, r.series_id, r.ts) AND sound(k.chk, 'sketches', k.id, k.sketch)
WHERE
  r.granularity = @source
  AND r.series_id IN (SELECT s.id FROM series AS s WHERE s.aggregation = 'avg')
  AND r.ts >= @from_ts
  AND r.ts < @until_ts
  AND sound(r.chk, 'rollups', r.granularity, r.series_id, r.ts, r.count, r.sum, r.min, r.max)
GROUP BY r.series_id, bucket_ts;

-- name: MergeRollups :exec
-- Walks sample_groups whole, seeks rollups by its key.
INSERT INTO rollups (granularity, series_id, ts, count, sum, min, max, chk)
SELECT
  CAST(@granularity AS TEXT), g.series_id, g.ts, g.count, g.sum, g.min, g.max,
  CAST(seal(
    'rollups', CAST(@granularity AS TEXT), g.series_id, g.ts, g.count, g.sum, g.min, g.max
  ) AS INTEGER)
FROM sample_groups AS g
WHERE g.state IS NULL
ON CONFLICT (granularity, series_id, ts) DO UPDATE SET
  count = rollups.count + excluded.count,
  sum = rollups.sum + excluded.sum,
  min = min(rollups.min, excluded.min),
  max = max(rollups.max, excluded.max),
  chk = CAST(seal(
    'rollups', rollups.granularity, rollups.series_id, rollups.ts, rollups.count + excluded.count,
    rollups.sum + excluded.sum, min(rollups.min, excluded.min), max(rollups.max, excluded.max)
  ) AS INTEGER)
WHERE mergeable(
  excluded.count, rollups.chk, 'rollups', rollups.granularity, rollups.series_id, rollups.ts, rollups.count,
  rollups.sum, rollups.min, rollups.max
);

-- name: MergeSketches :exec
-- Walks sample_groups whole, seeks sketches by its key. What joins a bucket joins its sketch,
-- whether or not that has all samples of the bucket: one that lacks some lacks them for good.
INSERT INTO sketches (id, sketch, chk)
SELECT n.id, n.sketch, CAST(seal('sketches', n.id, n.sketch) AS INTEGER)
FROM (
  SELECT CAST(sketch_id(CAST(@granularity AS TEXT), g.series_id, g.ts) AS INTEGER) AS id, g.sketch
  FROM sample_groups AS g
  WHERE g.sketch IS NOT NULL
) AS n
WHERE n.id IS NOT NULL
ON CONFLICT (id) DO UPDATE SET
  sketch = CAST(merge_sketches(sketches.sketch, excluded.sketch) AS BLOB),
  chk = CAST(seal(
    'sketches', sketches.id, merge_sketches(sketches.sketch, excluded.sketch)
  ) AS INTEGER)
WHERE sound(sketches.chk, 'sketches', sketches.id, sketches.sketch);

-- name: MergeSketch :exec
-- One seek in sketches by its key.
INSERT INTO sketches (id, sketch, chk)
VALUES (@id, @sketch, CAST(@chk AS INTEGER))
ON CONFLICT (id) DO UPDATE SET
  sketch = CAST(merge_sketches(sketches.sketch, excluded.sketch) AS BLOB),
  chk = CAST(seal(
    'sketches', sketches.id, merge_sketches(sketches.sketch, excluded.sketch)
  ) AS INTEGER)
WHERE sound(sketches.chk, 'sketches', sketches.id, sketches.sketch);

-- name: GroupStates :exec
-- The row source folded_buckets makes rows of one blob of what states come to. Appends to
-- sample_groups.
INSERT INTO sample_groups (series_id, ts, state, count, total, holder, sum, min, max, newest_ts)
SELECT f.series_id, f.ts, f.state, f.count, f.total, f.state, f.sum, f.min, f.max, f.newest_ts
FROM folded_buckets AS f
WHERE f.folded = CAST(@folded AS BLOB);

-- name: FindTotals :exec
-- The total of what joins a bucket that is there goes to the row that has one; where that is lost,
-- so is the total, which must not be made from the rows that are left. Walks sample_groups whole,
-- seeks state_rollups by its key.
UPDATE sample_groups
SET holder = (
  SELECT o.value
  FROM state_rollups AS o
  WHERE
    o.granularity = @granularity AND o.series_id = sample_groups.series_id AND o.ts = sample_groups.ts AND o.total > 0
  LIMIT 1
)
WHERE
  total > 0 AND EXISTS (
    SELECT 1
    FROM state_rollups AS o
    WHERE o.granularity = @granularity AND o.series_id = sample_groups.series_id AND o.ts = sample_groups.ts
  );

-- name: MergeStates :exec
-- Walks sample_groups twice, seeks state_rollups by its key.
INSERT INTO state_rollups (granularity, series_id, ts, value, count, total, chk)
SELECT
  CAST(@granularity AS TEXT), n.series_id, n.ts, n.state, n.count, n.total,
  CAST(seal('state_rollups', CAST(@granularity AS TEXT), n.series_id, n.ts, n.state, n.count, n.total) AS INTEGER)
FROM (
  SELECT g.series_id, g.ts, g.state, g.count, iif(g.holder = g.state, g.total, 0) AS total
  FROM sample_groups AS g
  WHERE g.state IS NOT NULL
  UNION ALL
  SELECT h.series_id, h.ts, h.holder, 0, h.total
  FROM sample_groups AS h
  WHERE h.total > 0 AND h.holder <> h.state
) AS n
WHERE true
ON CONFLICT (granularity, series_id, ts, value) DO UPDATE SET
  count = state_rollups.count + excluded.count,
  total = state_rollups.total + excluded.total,
  chk = CASE WHEN state_rollups.chk IS NOT NULL THEN CAST(seal(
    'state_rollups', state_rollups.granularity, state_rollups.series_id, state_rollups.ts, state_rollups.value,
    state_rollups.count + excluded.count, state_rollups.total + excluded.total
  ) AS INTEGER) END
WHERE mergeable(
  excluded.count, state_rollups.chk, 'state_rollups', state_rollups.granularity, state_rollups.series_id,
  state_rollups.ts, state_rollups.value, state_rollups.count, state_rollups.total
);

-- name: ForgetSampleGroups :exec
-- Scans sample_groups, of which SQLite gives all pages back at once.
DELETE FROM sample_groups;

-- name: FirstBucket :one
-- For each series one seek in the rollups of its kind. NULL becomes -1: the tier has nothing from
-- from_ts on.
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
-- For each series one seek in the rollups of its kind. NULL becomes -1: the tier has nothing in
-- [from_ts, until_ts).
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
-- For each series, walks the rollups of its kind by its key so many rows far. NULL becomes -1: no
-- series has more than that in [from_ts, until_ts).
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

-- name: DeleteBucketsOf :exec
-- Walks rollups by its key: the buckets of one series in one tier.
DELETE FROM rollups
WHERE granularity = @granularity AND series_id = @series_id;

-- name: DeleteStatesOf :exec
-- Walks state_rollups by its key: the buckets of one series in one tier.
DELETE FROM state_rollups
WHERE granularity = @granularity AND series_id = @series_id;

-- name: DeleteSketches :exec
-- Walks sketches by its key: those of one series in one tier, [first, last).
DELETE FROM sketches
WHERE id >= @first AND id < @last;
