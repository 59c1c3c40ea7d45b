-- name: NthSampleBefore :one
-- Walks raw_samples by its key from the oldest, nth rows far.
SELECT CAST(coalesce(ts, 0) AS INTEGER) AS ts, CAST(coalesce(series_id, 0) AS INTEGER) AS series_id
FROM raw_samples
WHERE ts < @before_ts
ORDER BY raw_samples.ts, raw_samples.series_id
LIMIT 1 OFFSET @nth;

-- name: SweepSamples :execrows
-- Walks raw_samples by its key from the oldest up to (ts, series_id), which stays.
DELETE FROM raw_samples
WHERE ts <= @ts AND (ts < @ts OR series_id < @series_id);

-- name: SweepRollups :execrows
-- Walks rollups by its key: of one series the oldest nth + 1 rows below before_ts.
DELETE FROM rollups AS old
WHERE
  old.granularity = @granularity
  AND old.series_id = @series_id
  AND old.ts < @before_ts
  AND old.ts <= coalesce(
    (
      SELECT r.ts
      FROM rollups AS r
      WHERE r.granularity = @granularity AND r.series_id = @series_id AND r.ts < @before_ts
      ORDER BY r.ts
      LIMIT 1 OFFSET @nth
    ),
    9223372036854775807
  );

-- name: SweepSketches :execrows
-- Walks sketches by its key: of [first, last) the first nth + 1 rows.
DELETE FROM sketches AS old
WHERE
  old.id >= @first
  AND old.id < @last
  AND old.id <= coalesce(
    (
      SELECT k.id
      FROM sketches AS k
      WHERE k.id >= @first AND k.id < @last
      ORDER BY k.id
      LIMIT 1 OFFSET @nth
    ),
    9223372036854775807
  );

-- name: SweepStateRollups :execrows
-- Walks state_rollups by its key: of one series the oldest nth + 1 rows below before_ts and the
-- rest of the last bucket.
DELETE FROM state_rollups AS old
WHERE
  old.granularity = @granularity
  AND old.series_id = @series_id
  AND old.ts < @before_ts
  AND old.ts <= coalesce(
    (
      SELECT r.ts
      FROM state_rollups AS r
      WHERE r.granularity = @granularity AND r.series_id = @series_id AND r.ts < @before_ts
      ORDER BY r.ts
      LIMIT 1 OFFSET @nth
    ),
    9223372036854775807
  );
