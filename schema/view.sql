-- What wanctl's tools read: every moment once, at the finest granularity that still has it, so each tier up to the floor of
-- the next finer one. id is unique among up to 2048 series.
--
-- What a tool asks for on metric_name, wan_name and granularity has to reach the keys. So the order of the loops is fixed
-- (CROSS JOIN: SQLite has no statistics of the file), and no arm groups: a condition stops at a GROUP BY. Conditions on
-- timestamp, an expression, only pass over rows that are walked. The casts let it and value be compared with text, such as
-- strftime() returns, as the columns of wanctl's table can be.
CREATE VIEW metrics AS
SELECT
  r.ts * 2048 + r.series_id % 2048 AS id,
  CAST(r.ts / 1000000 AS INTEGER) AS timestamp,
  s.wan_name,
  s.metric_name,
  r.value,
  nullif(s.labels, '{}') AS labels,
  t.granularity,
  1 AS count
FROM tiers AS t
CROSS JOIN raw_samples AS r ON r.ts >= t.floor
CROSS JOIN series AS s ON s.id = r.series_id
WHERE t.granularity = 'raw'
UNION ALL
-- A payload that is no JSON is passed over. json_each gives the key of a moment, by which a list has its value; of runs the
-- last one counts that begins at that key or before.
SELECT
  (b.id % 10000000000000000 + m.value) * 2048 + s.id % 2048,
  CAST((b.id % 10000000000000000 + m.value) / 1000000 AS INTEGER),
  s.wan_name,
  s.metric_name,
  CAST(
    CASE
      WHEN v.type <> 'array' THEN v.value
      WHEN json_type(v.value, '$[0]') = 'array'
        THEN (
          SELECT c.value ->> 1 FROM json_each(v.value) AS c WHERE c.value ->> 0 <= m.key ORDER BY c.key DESC LIMIT 1
        )
      ELSE v.value ->> m.key
    END AS REAL
  ),
  nullif(s.labels, '{}'),
  t.granularity,
  1
FROM tiers AS t
CROSS JOIN raw_blocks AS b ON b.last_ts >= t.floor
CROSS JOIN json_each(iif(json_valid(b.payload), b.payload, '[]')) AS o
CROSS JOIN json_each(iif(o.type = 'object', o.value, '{}'), '$.v') AS v
CROSS JOIN series AS s ON s.id = CAST(v.key AS INTEGER)
CROSS JOIN json_each(iif(o.type = 'object', o.value, '{}') -> '$.t') AS m
  ON b.id % 10000000000000000 + m.value >= t.floor
WHERE t.granularity = 'raw'
UNION ALL
SELECT
  r.ts * 2048 + r.series_id % 2048,
  CAST(r.ts / 1000000 AS INTEGER),
  s.wan_name,
  s.metric_name,
  CAST(max(r.min, min(r.max, r.sum / r.count)) AS REAL),
  nullif(s.labels, '{}'),
  t.granularity,
  r.count
FROM series AS s
CROSS JOIN tiers AS t
CROSS JOIN tiers AS finer
  ON finer.granularity = CASE t.granularity WHEN '1m' THEN 'raw' WHEN '5m' THEN '1m' WHEN '1h' THEN '5m' END
CROSS JOIN rollups AS r
  ON r.granularity = t.granularity AND r.series_id = s.id AND r.ts >= t.floor AND r.ts < finer.floor
WHERE s.aggregation = 'avg'
UNION ALL
-- Of the states of a bucket the one that no other comes before: by the count, then by the value.
SELECT
  r.ts * 2048 + r.series_id % 2048,
  CAST(r.ts / 1000000 AS INTEGER),
  s.wan_name,
  s.metric_name,
  r.value,
  nullif(s.labels, '{}'),
  t.granularity,
  (
    SELECT sum(o.count)
    FROM state_rollups AS o
    WHERE o.granularity = r.granularity AND o.series_id = r.series_id AND o.ts = r.ts
  )
FROM series AS s
CROSS JOIN tiers AS t
CROSS JOIN tiers AS finer
  ON finer.granularity = CASE t.granularity WHEN '1m' THEN 'raw' WHEN '5m' THEN '1m' WHEN '1h' THEN '5m' END
CROSS JOIN state_rollups AS r
  ON r.granularity = t.granularity AND r.series_id = s.id AND r.ts >= t.floor AND r.ts < finer.floor
WHERE s.aggregation = 'mode' AND NOT EXISTS (
  SELECT 1
  FROM state_rollups AS o
  WHERE o.granularity = r.granularity AND o.series_id = r.series_id AND o.ts = r.ts
    AND (o.count > r.count OR (o.count = r.count AND o.value > r.value))
);
