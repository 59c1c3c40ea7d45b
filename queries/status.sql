-- name: CountRollups :one
-- For each series, walks rollups by its key from from_ts on.
SELECT count(*)
FROM rollups AS r
WHERE
  r.granularity = @granularity
  AND r.series_id IN (SELECT s.id FROM series AS s WHERE s.aggregation = 'avg')
  AND r.ts >= @from_ts;

-- name: CountStateRollups :one
-- For each series, walks state_rollups by its key from from_ts on.
SELECT count(*)
FROM state_rollups AS r
WHERE
  r.granularity = @granularity
  AND r.series_id IN (SELECT s.id FROM series AS s WHERE s.aggregation = 'mode')
  AND r.ts >= @from_ts;
