-- name: GetClock :one
-- One seek in clock by its key. No row: there is none, or it is not sound.
SELECT trusted, doubted, seen
FROM clock
WHERE id = 1 AND sound(chk, 'clock', id, trusted, doubted, seen);

-- name: SetClock :exec
-- One seek in clock by its key.
INSERT INTO clock (id, trusted, doubted, seen, chk)
VALUES (
  1, @trusted, @doubted, @seen,
  CAST(seal('clock', 1, CAST(@trusted AS INTEGER), CAST(@doubted AS INTEGER), CAST(@seen AS INTEGER)) AS INTEGER)
)
ON CONFLICT (id) DO UPDATE SET
  trusted = excluded.trusted, doubted = excluded.doubted, seen = excluded.seen, chk = excluded.chk;
