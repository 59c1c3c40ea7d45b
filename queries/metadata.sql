-- name: ListMetricMetadata :many
-- Scans metric_metadata, one row a metric that was declared, and for each of them seeks the unique
-- index of series.
SELECT
  m.metric_name, m.help, m.unit, m.states, m.percentiles,
  CAST(coalesce((
    SELECT s.aggregation FROM series AS s WHERE s.metric_name = m.metric_name LIMIT 1
  ), '') AS TEXT) AS aggregation
FROM metric_metadata AS m
WHERE sound(m.chk, 'metric_metadata', m.metric_name, m.help, m.unit, m.states, m.percentiles);

-- name: SetMetricMetadata :exec
-- One seek in metric_metadata by its key. It replaces a row and does not update it: the trigger
-- would take the seal off one that is mended, whose check value stays the same.
INSERT OR REPLACE INTO metric_metadata (metric_name, help, unit, states, percentiles, chk)
VALUES (
  @metric_name, @help, @unit, @states, @percentiles,
  CAST(seal(
    'metric_metadata', CAST(@metric_name AS TEXT), CAST(@help AS TEXT), CAST(@unit AS TEXT),
    CAST(@states AS TEXT), CAST(@percentiles AS INTEGER)
  ) AS INTEGER)
);

-- name: ListPlainMetrics :many
-- Scans metric_metadata, one row a metric that was declared.
SELECT metric_name
FROM metric_metadata
WHERE percentiles = 0;
