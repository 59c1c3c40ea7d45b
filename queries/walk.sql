-- name: LookAtBlocks :one
-- The aggregate look, which repo registers, says whether rows are sound, whether their keys rise,
-- and from which one to go on. Walks raw_blocks by its key from behind a row, so many rows far.
SELECT CAST(look(1, CAST(@max_rows AS INTEGER), b.chk, 'raw_blocks', b.id, b.last_ts, b.count, b.payload) AS TEXT) AS looked
FROM (
  SELECT id, last_ts, count, chk, payload
  FROM raw_blocks
  WHERE id > @after_id
  ORDER BY id
  LIMIT @max_rows
) AS b;

-- name: LookAtSamples :one
-- Walks raw_samples by its key from behind a row, so many rows far. The plus signs take the
-- affinity away, or SQLite would seek by the first column of the key alone.
SELECT CAST(look(2, CAST(@max_rows AS INTEGER), r.chk, 'raw_samples', r.ts, r.series_id, r.value) AS TEXT) AS looked
FROM (
  SELECT ts, series_id, value, chk
  FROM raw_samples
  WHERE (ts, series_id) > (+CAST(@ts AS INTEGER), +CAST(@series_id AS INTEGER))
  ORDER BY ts, series_id
  LIMIT @max_rows
) AS r;

-- name: LookAtRollups :one
-- Walks rollups by its key from behind a row, so many rows far.
SELECT CAST(look(
  3, CAST(@max_rows AS INTEGER), r.chk, 'rollups', r.granularity, r.series_id, r.ts, r.count, r.sum, r.min, r.max
) AS TEXT) AS looked
FROM (
  SELECT granularity, series_id, ts, count, sum, min, max, chk
  FROM rollups
  WHERE (granularity, series_id, ts) > (+CAST(@granularity AS TEXT), +CAST(@series_id AS INTEGER), +CAST(@ts AS INTEGER))
  ORDER BY granularity, series_id, ts
  LIMIT @max_rows
) AS r;

-- name: LookAtSketches :one
-- Walks sketches by its key from behind a row, so many rows far.
SELECT CAST(look(1, CAST(@max_rows AS INTEGER), k.chk, 'sketches', k.id, k.sketch) AS TEXT) AS looked
FROM (
  SELECT id, sketch, chk
  FROM sketches
  WHERE id > @after_id
  ORDER BY id
  LIMIT @max_rows
) AS k;

-- name: LookAtStateRollups :one
-- Walks state_rollups by its key from behind a row, so many rows far.
SELECT CAST(look(
  4, CAST(@max_rows AS INTEGER), r.chk, 'state_rollups', r.granularity, r.series_id, r.ts, r.value, r.count, r.total
) AS TEXT) AS looked
FROM (
  SELECT granularity, series_id, ts, value, count, total, chk
  FROM state_rollups
  WHERE
    (granularity, series_id, ts, value)
    > (+CAST(@granularity AS TEXT), +CAST(@series_id AS INTEGER), +CAST(@ts AS INTEGER), +CAST(@value AS REAL))
  ORDER BY granularity, series_id, ts, value
  LIMIT @max_rows
) AS r;
