-- name: PackSamples :one
-- The aggregate pack, which repo defines, makes one blob of many rows, in the order in which the subquery yields them; its
-- LIMIT, also one of -1 for none, keeps that order. Walks raw_samples by its key from just after (after_ts, after_series_id) to until_ts. series_ids is a JSON array; its
-- least and greatest id, compared first, pass over other series without looking them up in it, and where it has all ids
-- between those (unbroken), none is looked up.
SELECT CAST(pack(p.ts, p.series_id, p.value) AS BLOB) AS packed
FROM (
  SELECT r.ts, r.series_id, r.value
  FROM raw_samples AS r
  WHERE
    r.series_id >= @least_id
    AND r.series_id <= @greatest_id
    AND r.ts >= @after_ts
    AND (r.ts > @after_ts OR r.series_id > @after_series_id)
    AND r.ts < @until_ts
    AND (CAST(@unbroken AS INTEGER) OR r.series_id IN (SELECT j.value FROM json_each(CAST(@series_ids AS TEXT)) AS j))
  ORDER BY r.ts, r.series_id
  LIMIT @max_rows
) AS p;

-- name: PackSamplesBackwards :one
-- As PackSamples, backwards: walks raw_samples by its key from just before (before_ts, before_series_id) to from_ts.
SELECT CAST(pack(p.ts, p.series_id, p.value) AS BLOB) AS packed
FROM (
  SELECT r.ts, r.series_id, r.value
  FROM raw_samples AS r
  WHERE
    r.series_id >= @least_id
    AND r.series_id <= @greatest_id
    AND r.ts >= @from_ts
    AND r.ts <= @before_ts
    AND (r.ts < @before_ts OR r.series_id < @before_series_id)
    AND (CAST(@unbroken AS INTEGER) OR r.series_id IN (SELECT j.value FROM json_each(CAST(@series_ids AS TEXT)) AS j))
  ORDER BY r.ts DESC, r.series_id DESC
  LIMIT @max_rows
) AS p;

-- name: CountSamplesOf :one
-- As PackSamples, to count what it would pack: walks raw_samples by its key over [from_ts, until_ts).
SELECT count(*)
FROM raw_samples AS r
WHERE
  r.series_id >= @least_id
  AND r.series_id <= @greatest_id
  AND r.ts >= @from_ts
  AND r.ts < @until_ts
  AND (CAST(@unbroken AS INTEGER) OR r.series_id IN (SELECT j.value FROM json_each(CAST(@series_ids AS TEXT)) AS j));

-- name: PackRollups :one
-- Walks rollups by its key: one series over [from_ts, until_ts).
SELECT CAST(pack(p.ts, p.count, p.sum, p.min, p.max) AS BLOB) AS packed
FROM (
  SELECT ts, count, sum, min, max
  FROM rollups
  WHERE granularity = @granularity AND series_id = @series_id AND ts >= @from_ts AND ts < @until_ts
  ORDER BY ts
  LIMIT -1
) AS p;

-- name: PackStateRollups :one
-- Walks state_rollups by its key: one series over [from_ts, until_ts).
SELECT CAST(pack(p.ts, p.value, p.count) AS BLOB) AS packed
FROM (
  SELECT ts, value, count
  FROM state_rollups
  WHERE granularity = @granularity AND series_id = @series_id AND ts >= @from_ts AND ts < @until_ts
  ORDER BY ts, value
  LIMIT -1
) AS p;

-- name: ListNewestSamples :many
-- Walks raw_samples by its key from from_ts on; groups in a temporary B-tree.
-- SQLite takes the bare column value from the row that has max(ts).
SELECT series_id, CAST(max(ts) AS INTEGER) AS ts, value
FROM raw_samples
WHERE ts >= @from_ts
GROUP BY series_id;
