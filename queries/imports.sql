-- name: ListImports :many
-- Scans imports: one row a run of an import, sorted in a temporary B-tree.
SELECT id, source, bytes, lines, hash
FROM imports
ORDER BY bytes;

-- name: CreateImport :one
-- Appends to imports.
INSERT INTO imports (source, bytes, lines, hash, updated)
VALUES (@source, @bytes, @lines, @hash, @updated)
RETURNING id;

-- name: AdvanceImport :execrows
-- One seek in imports by its key. Zero rows: somebody else has moved it.
UPDATE imports
SET bytes = @bytes, lines = @lines, hash = @hash, updated = @updated
WHERE id = @id AND bytes = @known_bytes;

-- name: LastImportID :one
-- One seek to the end of imports.
SELECT CAST(coalesce(max(id), 0) AS INTEGER) AS last_id
FROM imports;
