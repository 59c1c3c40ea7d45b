-- name: ListRows :many
-- Walks metrics by idx_metrics_timestamp, whose entries end with the id, so nothing is sorted.
-- Nothing keeps a column to any type or size. Here and below each is read where it is as short as
-- what can be imported: octet_length looks at the header of a row alone.
SELECT
  id,
  CAST(coalesce(max(octet_length(wan_name), octet_length(metric_name)), 0) AS INTEGER) AS name_bytes,
  CAST(coalesce(octet_length(labels), 0) AS INTEGER) AS label_bytes,
  iif(octet_length(timestamp) > 64, '(long)', timestamp) AS second,
  iif(octet_length(wan_name) > 1024, NULL, wan_name) AS wan,
  iif(octet_length(metric_name) > 1024, NULL, metric_name) AS metric,
  iif(octet_length(value) > 64, '(long)', value) AS number,
  iif(octet_length(labels) > 4096, NULL, labels) AS label_text,
  iif(octet_length(granularity) > 64, '(long)', granularity) AS tier
FROM metrics
WHERE timestamp >= CAST(@from_second AS INTEGER) AND timestamp < CAST(@until_second AS INTEGER)
ORDER BY metrics.timestamp, metrics.id
LIMIT @most;

-- name: ListStragglers :many
-- Walks metrics by its key. The plus signs keep the planner from an index on timestamp, and a sort
-- after it. What is no number is larger than any, except NULL.
SELECT
  id,
  CAST(coalesce(max(octet_length(wan_name), octet_length(metric_name)), 0) AS INTEGER) AS name_bytes,
  CAST(coalesce(octet_length(labels), 0) AS INTEGER) AS label_bytes,
  iif(octet_length(timestamp) > 64, '(long)', timestamp) AS second,
  iif(octet_length(wan_name) > 1024, NULL, wan_name) AS wan,
  iif(octet_length(metric_name) > 1024, NULL, metric_name) AS metric,
  iif(octet_length(value) > 64, '(long)', value) AS number,
  iif(octet_length(labels) > 4096, NULL, labels) AS label_text,
  iif(octet_length(granularity) > 64, '(long)', granularity) AS tier
FROM metrics
WHERE id > @after_id AND id <= @last_id
  AND (+timestamp < CAST(@from_second AS INTEGER) OR +timestamp >= CAST(@end_second AS INTEGER)
    OR +timestamp IS NULL)
ORDER BY id
LIMIT @most;

-- name: FindRow :one
-- One seek in metrics by its key.
SELECT
  id,
  CAST(coalesce(max(octet_length(wan_name), octet_length(metric_name)), 0) AS INTEGER) AS name_bytes,
  CAST(coalesce(octet_length(labels), 0) AS INTEGER) AS label_bytes,
  iif(octet_length(timestamp) > 64, '(long)', timestamp) AS second,
  iif(octet_length(wan_name) > 1024, NULL, wan_name) AS wan,
  iif(octet_length(metric_name) > 1024, NULL, metric_name) AS metric,
  iif(octet_length(value) > 64, '(long)', value) AS number,
  iif(octet_length(labels) > 4096, NULL, labels) AS label_text,
  iif(octet_length(granularity) > 64, '(long)', granularity) AS tier
FROM metrics
WHERE id = @id;

-- name: LastRow :one
-- One seek to the end of metrics, and one by the key found there.
SELECT
  id,
  CAST(coalesce(max(octet_length(wan_name), octet_length(metric_name)), 0) AS INTEGER) AS name_bytes,
  CAST(coalesce(octet_length(labels), 0) AS INTEGER) AS label_bytes,
  iif(octet_length(timestamp) > 64, '(long)', timestamp) AS second,
  iif(octet_length(wan_name) > 1024, NULL, wan_name) AS wan,
  iif(octet_length(metric_name) > 1024, NULL, metric_name) AS metric,
  iif(octet_length(value) > 64, '(long)', value) AS number,
  iif(octet_length(labels) > 4096, NULL, labels) AS label_text,
  iif(octet_length(granularity) > 64, '(long)', granularity) AS tier
FROM metrics
WHERE id = (SELECT max(m.id) FROM metrics AS m);

-- name: NewestRowOf :one
-- One seek in metrics by idx_metrics_granularity_time, whose entries end with the id.
SELECT
  id,
  CAST(coalesce(max(octet_length(wan_name), octet_length(metric_name)), 0) AS INTEGER) AS name_bytes,
  CAST(coalesce(octet_length(labels), 0) AS INTEGER) AS label_bytes,
  iif(octet_length(timestamp) > 64, '(long)', timestamp) AS second,
  iif(octet_length(wan_name) > 1024, NULL, wan_name) AS wan,
  iif(octet_length(metric_name) > 1024, NULL, metric_name) AS metric,
  iif(octet_length(value) > 64, '(long)', value) AS number,
  iif(octet_length(labels) > 4096, NULL, labels) AS label_text,
  iif(octet_length(granularity) > 64, '(long)', granularity) AS tier
FROM metrics
WHERE granularity = CAST(@granularity AS TEXT) AND timestamp >= 0 AND timestamp < CAST(@until_second AS INTEGER)
ORDER BY metrics.timestamp DESC, metrics.id DESC
LIMIT 1;

-- name: CountRows :one
-- Walks metrics by idx_metrics_timestamp over [from_second, until_second), without the rows.
SELECT count(*)
FROM metrics
WHERE timestamp >= CAST(@from_second AS INTEGER) AND timestamp < CAST(@until_second AS INTEGER);

-- name: MeasureRows :one
-- Walks metrics by idx_metrics_timestamp over [from_second, until_second).
SELECT
  count(*) AS found,
  CAST(total(
    min(octet_length(wan_name), 1024) + min(octet_length(metric_name), 1024)
    + min(coalesce(octet_length(labels), 0), 4096)
  ) AS INTEGER) AS bytes
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

-- name: OldestAggregated :one
-- Walks metrics by its key from an id on, and idx_metrics_granularity_time from a second on.
SELECT CAST(coalesce(min(aggregated.second), -1) AS INTEGER) AS oldest
FROM (
  SELECT min(CASE WHEN typeof(m.timestamp) = 'integer' AND m.timestamp >= 0 THEN m.timestamp END) AS second
  FROM metrics AS m
  WHERE m.id > @after_id AND +m.granularity <> 'raw'
  UNION ALL
  SELECT min(m.timestamp)
  FROM metrics AS m
  WHERE m.granularity IN ('1m', '5m', '1h') AND m.timestamp >= CAST(@from_second AS INTEGER)
) AS aggregated;
