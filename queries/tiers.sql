-- name: ListTiers :many
-- Scans tiers: four rows.
SELECT granularity, watermark, floor, keep
FROM tiers;

-- name: SetWatermark :exec
-- One seek in tiers by its key. A watermark never falls.
UPDATE tiers
SET watermark = CAST(@watermark AS INTEGER)
WHERE granularity = @granularity AND watermark < CAST(@watermark AS INTEGER);

-- name: RaiseFloor :exec
-- One seek in tiers by its key. A floor never falls.
UPDATE tiers
SET floor = CAST(@floor AS INTEGER)
WHERE granularity = @granularity AND floor < CAST(@floor AS INTEGER);

-- name: SetKeep :exec
-- One seek in tiers by its key.
UPDATE tiers
SET keep = @keep
WHERE granularity = @granularity;
