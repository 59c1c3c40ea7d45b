-- name: ListImports :many
-- Scans imports: one row a run of an import, sorted in a temporary B-tree.
SELECT id, source, format, bytes, lines, last_id, second, aggregated, hash, newest_id, newest_hash, updated
FROM imports
WHERE sound(
  chk, 'imports', id, source, format, bytes, lines, last_id, second, aggregated, hash, newest_id, newest_hash,
  updated
)
ORDER BY bytes, last_id, second;

-- name: CreateImport :one
-- Appends to imports.
INSERT INTO imports (source, format, bytes, lines, last_id, second, aggregated, hash, newest_id, newest_hash, updated)
VALUES (@source, @format, @bytes, @lines, @last_id, @second, @aggregated, @hash, @newest_id, @newest_hash, @updated)
RETURNING id;

-- name: AdvanceImport :execrows
-- One seek in imports by its key. Zero rows: somebody else has moved it.
UPDATE imports
SET source = @source, bytes = @bytes, lines = @lines, last_id = @last_id, second = @second, aggregated = @aggregated,
  hash = @hash, newest_id = @newest_id, newest_hash = @newest_hash, updated = @updated
WHERE id = @id AND bytes = @known_bytes AND last_id = @known_last_id AND second = @known_second;

-- name: ForgetImport :execrows
-- One seek in imports by its key, which may have been given to another row since. Zero rows:
-- somebody else has forgotten it.
DELETE FROM imports
WHERE id = @id AND format = @format AND hash = @hash;

-- name: LastImportID :one
-- One seek to the end of imports.
SELECT CAST(coalesce(max(id), 0) AS INTEGER) AS last_id
FROM imports;

-- name: SealImport :exec
-- One seek in imports by its key.
UPDATE imports
SET chk = CAST(seal(
  'imports', id, source, format, bytes, lines, last_id, second, aggregated, hash, newest_id, newest_hash, updated
) AS INTEGER)
WHERE id = @id;
