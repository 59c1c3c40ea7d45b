-- name: FileVersion :one
-- One seek in wanstore by its key.
SELECT version FROM wanstore WHERE id = 1 AND typeof(version) = 'integer';
