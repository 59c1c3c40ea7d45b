-- name: FindSeries :one
-- Walks the unique index of series (metric_name, wan_name, labels).
SELECT id, aggregation
FROM series
WHERE
  metric_name = @metric_name AND wan_name = @wan_name AND labels = @labels
  AND sound(chk, 'series', id, metric_name, wan_name, labels, aggregation);

-- name: FindMetricAggregation :one
-- Any series of the metric tells: walks the prefix of the unique index of series.
SELECT aggregation
FROM series
WHERE metric_name = @metric_name AND sound(chk, 'series', id, metric_name, wan_name, labels, aggregation)
LIMIT 1;

-- name: CreateSeries :one
-- Appends to series; its unique index takes the new key.
INSERT INTO series (metric_name, wan_name, labels, aggregation)
VALUES (@metric_name, @wan_name, @labels, @aggregation)
RETURNING id;

-- name: SealSeries :exec
-- One seek in series by its key.
UPDATE series
SET chk = CAST(seal('series', id, metric_name, wan_name, labels, aggregation) AS INTEGER)
WHERE id = @id;

-- name: ListMetricAggregations :many
-- Scans series: one row a series, so thousands at most. A temporary B-tree makes them distinct.
SELECT DISTINCT metric_name, aggregation
FROM series
WHERE sound(chk, 'series', id, metric_name, wan_name, labels, aggregation)
ORDER BY metric_name;

-- name: ListSeries :many
-- Scans series in the order of its key. Damage may have made anything of a column, so each is cast.
SELECT
  id,
  CAST(coalesce(metric_name, '') AS TEXT) AS metric_name,
  CAST(coalesce(wan_name, '') AS TEXT) AS wan_name,
  CAST(coalesce(labels, '') AS TEXT) AS labels,
  CAST(coalesce(aggregation, '') AS TEXT) AS aggregation,
  CAST(coalesce(last_ts, -1) AS INTEGER) AS newest_ts,
  CAST(coalesce(last_value, 0) AS REAL) AS newest_value,
  CAST(coalesce(chk, 4294967296) AS INTEGER) AS chk,
  CAST(sound(chk, 'series', id, metric_name, wan_name, labels, aggregation) AS INTEGER) AS sound
FROM series
ORDER BY id;

-- name: ListSeriesIndex :many
-- Scans the unique index of series, which has all of these columns, and never its rows.
SELECT
  CAST(coalesce(metric_name, '') AS TEXT) AS metric_name,
  CAST(coalesce(wan_name, '') AS TEXT) AS wan_name,
  CAST(coalesce(labels, '') AS TEXT) AS labels,
  id
FROM series INDEXED BY sqlite_autoindex_series_1
ORDER BY series.metric_name, series.wan_name, series.labels;

-- name: FindSeriesID :one
-- One seek in the unique index of series, whatever its row says.
SELECT id
FROM series INDEXED BY sqlite_autoindex_series_1
WHERE metric_name = @metric_name AND wan_name = @wan_name AND labels = @labels;

-- name: MendSeries :execrows
-- One seek in series by its key. The row has no check value then.
UPDATE series
SET
  id = @id, metric_name = @metric_name, wan_name = @wan_name, labels = @labels, aggregation = @aggregation, chk = NULL
WHERE id = @damaged_id AND chk = CAST(@damaged_chk AS INTEGER);

-- name: ListSeriesAfter :many
-- Walks series by its key from where the batch before has ended.
SELECT id, CAST(coalesce(aggregation, '') AS TEXT) AS aggregation
FROM series
WHERE id > @after_id
ORDER BY id
LIMIT @max_rows;

-- name: LastSeriesID :one
-- One seek to the last sound row of series: series are never deleted, so it is their number.
SELECT CAST(coalesce((
  SELECT s.id
  FROM series AS s
  WHERE sound(s.chk, 'series', s.id, s.metric_name, s.wan_name, s.labels, s.aggregation)
  ORDER BY s.id DESC
  LIMIT 1
), 0) AS INTEGER) AS last_id;

-- name: AdvanceLastSample :exec
-- One seek in series by its key.
UPDATE series
SET last_ts = CAST(@ts AS INTEGER), last_value = CAST(@value AS REAL)
WHERE id = @id AND (last_ts IS NULL OR last_ts < CAST(@ts AS INTEGER));

-- name: AdvanceLastSamples :exec
-- Walks sample_groups whole, groups in a temporary B-tree (SQLite takes newest_value from the row
-- that has max(newest_ts)), then seeks series and, for what came as rows, raw_samples by their
-- keys.
INSERT INTO series (id, metric_name, wan_name, labels, aggregation, last_ts, last_value)
SELECT s.id, s.metric_name, s.wan_name, s.labels, s.aggregation, newest.ts, coalesce(newest.value, r.value)
FROM (
  SELECT g.series_id, max(g.newest_ts) AS ts, g.newest_value AS value
  FROM sample_groups AS g
  GROUP BY g.series_id
) AS newest
CROSS JOIN series AS s ON s.id = newest.series_id
LEFT JOIN raw_samples AS r ON r.ts = newest.ts AND r.series_id = newest.series_id
WHERE s.last_ts IS NULL OR s.last_ts < newest.ts
ON CONFLICT (id) DO UPDATE SET last_ts = excluded.last_ts, last_value = excluded.last_value;

-- name: SumSeries :one
-- Scans series: what changes when somebody else makes, deletes or renames one, or brings a late
-- sample. No sum of all moments would fit, and total would round it. A row without a check value
-- may change unseen.
SELECT
  count(*) AS series, count(chk) AS sealed, CAST(total(id) AS REAL) AS ids, CAST(total(chk) AS REAL) AS sums,
  CAST(coalesce(sum(last_ts / 1000000), 0) AS INTEGER) AS seconds,
  CAST(coalesce(sum(last_ts % 1000000), 0) AS INTEGER) AS micros
FROM series;

-- name: CountModeSeries :one
-- Scans series.
SELECT count(*)
FROM series
WHERE aggregation = 'mode';

-- name: ListModeSeries :many
-- Scans series.
SELECT id
FROM series
WHERE aggregation = 'mode';

-- name: ListLastMoments :many
-- Scans series.
SELECT id, CAST(last_ts AS INTEGER) AS last_ts
FROM series
WHERE last_ts IS NOT NULL;

-- name: ListSeriesOf :many
-- Walks the prefix of the unique index of series (metric_name).
SELECT id, aggregation
FROM series
WHERE metric_name = @metric_name AND sound(chk, 'series', id, metric_name, wan_name, labels, aggregation)
ORDER BY wan_name, labels;

-- name: SetAggregation :exec
-- One seek in series by its key. The row has no check value then.
UPDATE series
SET aggregation = @aggregation
WHERE id = @id;
