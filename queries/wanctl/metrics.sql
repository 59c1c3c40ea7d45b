-- name: ListRows :many
-- Walks metrics by idx_metrics_timestamp, whose entries end with the id, so nothing is sorted.
SELECT id, timestamp, wan_name, metric_name, value, labels, granularity
FROM metrics
WHERE timestamp >= CAST(@from_second AS INTEGER) AND timestamp < CAST(@until_second AS INTEGER)
ORDER BY timestamp, id
LIMIT @most;

-- name: ListStragglers :many
-- Walks metrics by its key. The plus signs keep the planner from an index on timestamp, and a sort
-- after it. What is no number is larger than any, except NULL.
SELECT id, timestamp, wan_name, metric_name, value, labels, granularity
FROM metrics
WHERE id > @after_id AND id <= @last_id
  AND (+timestamp < CAST(@from_second AS INTEGER) OR +timestamp >= CAST(@end_second AS INTEGER)
    OR +timestamp IS NULL)
ORDER BY id
LIMIT @most;

-- name: FindRow :one
-- One seek in metrics by its key.
SELECT id, timestamp, wan_name, metric_name, value, labels, granularity
FROM metrics
WHERE id = @id;

-- name: LastRow :one
-- One seek to the end of metrics, and one by the key found there.
SELECT id, timestamp, wan_name, metric_name, value, labels, granularity
FROM metrics
WHERE id = (SELECT max(m.id) FROM metrics AS m);

-- name: CountRows :one
-- Walks metrics by idx_metrics_timestamp over [from_second, until_second), without the rows.
SELECT count(*)
FROM metrics
WHERE timestamp >= CAST(@from_second AS INTEGER) AND timestamp < CAST(@until_second AS INTEGER);

-- name: CountTaken :one
-- Walks metrics by idx_metrics_timestamp up to a second, without the rows.
SELECT count(*)
FROM metrics
WHERE timestamp < CAST(@until_second AS INTEGER) AND id <= @last_id;

-- name: NewestSecond :one
-- One seek in metrics by idx_metrics_timestamp.
SELECT CAST(coalesce(max(timestamp), -1) AS INTEGER) AS newest
FROM metrics
WHERE timestamp >= CAST(@from_second AS INTEGER) AND timestamp < CAST(@until_second AS INTEGER);

-- name: CountEarlier :one
-- One seek in metrics by idx_metrics_wan_metric_time: the rows that one second has before an id,
-- whatever their labels: one series may have been written with labels in other letters.
SELECT count(*)
FROM metrics
WHERE wan_name = CAST(@wan AS TEXT) AND metric_name = CAST(@metric AS TEXT) AND timestamp = CAST(@second AS INTEGER)
  AND id < @id;

-- name: HasTaken :one
-- Walks metrics by idx_metrics_granularity_time over the raw rows before a second, up to the first
-- that matches. Where it is asked these have mostly gone.
SELECT EXISTS (
  SELECT 1
  FROM metrics
  WHERE granularity = 'raw' AND timestamp < CAST(@until_second AS INTEGER) AND id <= @last_id
);
