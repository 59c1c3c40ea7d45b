-- name: ListTiers :many
-- Scans tiers: four rows. Damage may have made anything of a column, so each is cast.
SELECT
  CAST(coalesce(granularity, '') AS TEXT) AS granularity,
  CAST(coalesce(watermark, 0) AS INTEGER) AS watermark,
  CAST(coalesce(floor, 0) AS INTEGER) AS floor,
  CAST(coalesce(keep, 0) AS INTEGER) AS keep,
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
