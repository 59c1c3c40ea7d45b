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
