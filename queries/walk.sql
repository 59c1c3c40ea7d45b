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
-- One seek in state_rollups by its key to the row before a range of one series, and one to the row behind it:
-- whether they are sound, as they are where there is none. One that is not may be of that range.
SELECT
  CAST(coalesce((
    SELECT sound(b.chk, 'state_rollups', b.granularity, b.series_id, b.ts, b.value, b.count)
    FROM state_rollups AS b
    WHERE
      (b.granularity, b.series_id, b.ts)
      < (+CAST(@granularity AS TEXT), +CAST(@series_id AS INTEGER), +CAST(@from_ts AS INTEGER))
    ORDER BY b.granularity DESC, b.series_id DESC, b.ts DESC, b.value DESC
    LIMIT 1
  ), 1) AS INTEGER) AS sound_before,
  CAST(coalesce((
    SELECT sound(b.chk, 'state_rollups', b.granularity, b.series_id, b.ts, b.value, b.count)
    FROM state_rollups AS b
    WHERE
      (b.granularity, b.series_id, b.ts)
      >= (+CAST(@granularity AS TEXT), +CAST(@series_id AS INTEGER), +CAST(@until_ts AS INTEGER))
    ORDER BY b.granularity, b.series_id, b.ts, b.value
    LIMIT 1
  ), 1) AS INTEGER) AS sound_behind;

-- name: ListDoubtfulStates :many
-- For each mode series, walks state_rollups by its key over [from_ts, until_ts), and seeks the rows beside that:
-- which series have one that is not sound.
SELECT s.id
FROM series AS s
WHERE
  s.aggregation = 'mode'
  AND (
    EXISTS (
      SELECT 1
      FROM state_rollups AS u
      WHERE
        u.granularity = @granularity AND u.series_id = s.id AND u.ts >= @from_ts AND u.ts < @until_ts
        AND NOT sound(u.chk, 'state_rollups', u.granularity, u.series_id, u.ts, u.value, u.count)
    )
    OR NOT coalesce((
      SELECT sound(b.chk, 'state_rollups', b.granularity, b.series_id, b.ts, b.value, b.count)
      FROM state_rollups AS b
      WHERE
        (b.granularity, b.series_id, b.ts)
        < (+CAST(@granularity AS TEXT), +s.id, +CAST(@from_ts AS INTEGER))
      ORDER BY b.granularity DESC, b.series_id DESC, b.ts DESC, b.value DESC
      LIMIT 1
    ), 1)
    OR NOT coalesce((
      SELECT sound(b.chk, 'state_rollups', b.granularity, b.series_id, b.ts, b.value, b.count)
      FROM state_rollups AS b
      WHERE
        (b.granularity, b.series_id, b.ts)
        >= (+CAST(@granularity AS TEXT), +s.id, +CAST(@until_ts AS INTEGER))
      ORDER BY b.granularity, b.series_id, b.ts, b.value
      LIMIT 1
    ), 1)
  );
