-- name: LookAtBlocks :one
-- The aggregate look, which repo registers, says whether rows are sound and whether their keys rise, and which
-- one was the last. Walks raw_blocks by its key from behind a row, so many rows far.
SELECT CAST(look(1, b.chk, 'raw_blocks', b.id, b.last_ts, b.count, b.payload) AS TEXT) AS looked
FROM (
  SELECT id, last_ts, count, chk, payload
  FROM raw_blocks
  WHERE id > @after_id
  ORDER BY id
  LIMIT @max_rows
) AS b;

-- name: LookAtSamples :one
-- Walks raw_samples by its key from behind a row, so many rows far. The plus signs take the affinity away, or
-- SQLite would seek by the first column of the key alone.
SELECT CAST(look(2, r.chk, 'raw_samples', r.ts, r.series_id, r.value) AS TEXT) AS looked
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
  3, r.chk, 'rollups', r.granularity, r.series_id, r.ts, r.count, r.sum, r.min, r.max, r.sketch
) AS TEXT) AS looked
FROM (
  SELECT granularity, series_id, ts, count, sum, min, max, sketch, chk
  FROM rollups
  WHERE (granularity, series_id, ts) > (+CAST(@granularity AS TEXT), +CAST(@series_id AS INTEGER), +CAST(@ts AS INTEGER))
  ORDER BY granularity, series_id, ts
  LIMIT @max_rows
) AS r;

-- name: LookAtStateRollups :one
-- Walks state_rollups by its key from behind a row, so many rows far.
SELECT CAST(look(4, r.chk, 'state_rollups', r.granularity, r.series_id, r.ts, r.value, r.count) AS TEXT) AS looked
FROM (
  SELECT granularity, series_id, ts, value, count, chk
  FROM state_rollups
  WHERE
    (granularity, series_id, ts, value)
    > (+CAST(@granularity AS TEXT), +CAST(@series_id AS INTEGER), +CAST(@ts AS INTEGER), +CAST(@value AS REAL))
  ORDER BY granularity, series_id, ts, value
  LIMIT @max_rows
) AS r;

-- name: StatesBeside :one
-- One seek in state_rollups by its key to the row before one row of a series, and one to the row behind another:
-- whether they are sound, as they are where there is none, or where their keys say that they are of another bucket.
SELECT
  CAST(coalesce((
    SELECT sound(b.chk, 'state_rollups', b.granularity, b.series_id, b.ts, b.value, b.count)
      OR b.granularity = CAST(@granularity AS TEXT) AND b.series_id = CAST(@series_id AS INTEGER)
        AND b.ts % CAST(@bucket AS INTEGER) = 0 AND b.ts < CAST(@first_ts AS INTEGER)
    FROM state_rollups AS b
    WHERE
      (b.granularity, b.series_id, b.ts, b.value)
      < (+CAST(@granularity AS TEXT), +CAST(@series_id AS INTEGER), +CAST(@first_ts AS INTEGER), +CAST(@first_value AS REAL))
    ORDER BY b.granularity DESC, b.series_id DESC, b.ts DESC, b.value DESC
    LIMIT 1
  ), 1) AS INTEGER) AS sound_before,
  CAST(coalesce((
    SELECT sound(b.chk, 'state_rollups', b.granularity, b.series_id, b.ts, b.value, b.count)
      OR b.granularity = CAST(@granularity AS TEXT) AND b.series_id = CAST(@series_id AS INTEGER)
        AND b.ts % CAST(@bucket AS INTEGER) = 0 AND b.ts > CAST(@last_ts AS INTEGER)
    FROM state_rollups AS b
    WHERE
      (b.granularity, b.series_id, b.ts, b.value)
      > (+CAST(@granularity AS TEXT), +CAST(@series_id AS INTEGER), +CAST(@last_ts AS INTEGER), +CAST(@last_value AS REAL))
    ORDER BY b.granularity, b.series_id, b.ts, b.value
    LIMIT 1
  ), 1) AS INTEGER) AS sound_behind;
