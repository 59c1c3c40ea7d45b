-- name: GetClock :one
-- One seek in clock by its key.
SELECT trusted, doubted, seen
FROM clock
WHERE id = 1;

-- name: SetClock :exec
-- One seek in clock by its key.
UPDATE clock
SET trusted = @trusted, doubted = @doubted, seen = @seen
WHERE id = 1;

-- name: NewestSampleTime :one
-- One seek to the end of raw_samples, and a scan of series. -1 in a file that has no samples.
SELECT CAST(max(
  coalesce((SELECT max(r.ts) FROM raw_samples AS r), -1),
  coalesce((SELECT max(s.last_ts) FROM series AS s), -1)
) AS INTEGER) AS ts;
