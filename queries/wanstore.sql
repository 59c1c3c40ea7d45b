-- name: FileVersion :one
-- One seek in wanstore by its key.
SELECT version FROM wanstore WHERE id = 1 AND typeof(version) = 'integer';

-- name: StateVersion :exec
-- One seek in wanstore by its key.
INSERT INTO wanstore (id, version) VALUES (1, @version)
ON CONFLICT (id) DO UPDATE SET version = excluded.version;
