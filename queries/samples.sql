-- name: InsertSample :execrows
-- One seek in raw_samples by its key. Zero rows: the sample is a repeat.
INSERT OR IGNORE INTO raw_samples (ts, series_id, value, chk)
VALUES (@ts, @series_id, @value, CAST(@chk AS INTEGER));

-- name: NthSampleTime :one
-- Walks raw_samples by its key from from_ts, nth rows far.
SELECT CAST(coalesce(ts, 0) AS INTEGER) AS ts
FROM raw_samples
WHERE ts >= @from_ts AND ts < @until_ts
ORDER BY raw_samples.ts
LIMIT 1 OFFSET @nth;

-- name: NthSampleTimeBackwards :one
-- As NthSampleTime, backwards: walks raw_samples by its key from just before until_ts.
SELECT CAST(coalesce(ts, 0) AS INTEGER) AS ts
FROM raw_samples
WHERE ts >= @from_ts AND ts < @until_ts
ORDER BY raw_samples.ts DESC
LIMIT 1 OFFSET @nth;

-- name: CountSamples :one
-- Walks raw_samples by its key over [from_ts, until_ts).
SELECT count(*)
FROM raw_samples
WHERE ts >= @from_ts AND ts < @until_ts AND sound(chk, 'raw_samples', ts, series_id, value);

-- name: CountRows :one
-- Walks raw_samples by its key from from_ts on.
SELECT count(*)
FROM raw_samples
WHERE ts >= @from_ts;

-- name: FirstSampleTime :one
-- One seek in raw_samples by its key.
SELECT CAST(coalesce(ts, 0) AS INTEGER) AS ts
FROM raw_samples
WHERE ts >= @from_ts
ORDER BY raw_samples.ts
LIMIT 1;

-- name: LastSampleTime :one
-- One seek to the end of raw_samples.
SELECT CAST(coalesce(ts, 0) AS INTEGER) AS ts
FROM raw_samples
WHERE ts >= @from_ts AND sound(chk, 'raw_samples', ts, series_id, value)
ORDER BY raw_samples.ts DESC
LIMIT 1;
