-- name: ListTiers :many
-- Scans tiers: four rows.
SELECT
  granularity, watermark, floor, keep,
  CAST(sound(chk, 'tiers', granularity, watermark, floor, keep) AS INTEGER) AS sound
FROM tiers;

-- name: SetTier :exec
-- One seek in tiers by its key.
INSERT INTO tiers (granularity, watermark, floor, keep, chk)
VALUES (
  @granularity, @watermark, @floor, @keep,
  CAST(seal(
    'tiers', CAST(@granularity AS TEXT), CAST(@watermark AS INTEGER), CAST(@floor AS INTEGER), CAST(@keep AS INTEGER)
  ) AS INTEGER)
)
ON CONFLICT (granularity) DO UPDATE SET
  watermark = excluded.watermark, floor = excluded.floor, keep = excluded.keep, chk = excluded.chk;

-- name: ForgetTiers :exec
-- Scans tiers: four rows.
DELETE FROM tiers;
