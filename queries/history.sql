-- name: PackSamples :one
-- The aggregate pack, which repo registers, makes one blob of many rows, in the order in which the
-- subquery yields them; its LIMIT, also one of -1 for none, keeps that order. 4294967296 stands for
-- a check value that is none. Walks raw_samples by its key over [from_ts, until_ts). series_ids is
-- a JSON array; its least and greatest id, compared first, pass over other series without looking
-- them up in it, and where it has all ids between those (unbroken), none is looked up.
SELECT CAST(pack(p.ts, p.series_id, p.value, p.chk) AS BLOB) AS packed
FROM (
  SELECT r.ts, r.series_id, r.value, coalesce(r.chk, 4294967296) AS chk
  FROM raw_samples AS r
  WHERE
    r.series_id >= @least_id
    AND r.series_id <= @greatest_id
    AND r.ts >= @from_ts
    AND r.ts < @until_ts
    AND (CAST(@unbroken AS INTEGER) OR r.series_id IN (SELECT j.value FROM json_each(CAST(@series_ids AS TEXT)) AS j))
  ORDER BY r.ts, r.series_id
  LIMIT -1
) AS p;

-- name: PackBlocks :one
-- The aggregate pack_blocks makes one blob of the samples that blocks have of some series, '' for
-- all, in [from_ts, until_ts), block by block. Walks raw_blocks by its key: of each part the blocks
-- of [first, last), which is that range and what reaches into it.
SELECT CAST(pack_blocks(b.payload, b.id, p.series_ids, p.from_ts, p.until_ts) AS BLOB) AS packed
FROM (
  SELECT
    CAST(@series_ids AS TEXT) AS series_ids,
    CAST(@from_ts AS INTEGER) AS from_ts,
    CAST(@until_ts AS INTEGER) AS until_ts
) AS p
CROSS JOIN json_each(CAST(@parts AS TEXT)) AS q
CROSS JOIN raw_blocks AS b
  ON b.id >= q.value * 10000000000000000 + CAST(@first AS INTEGER)
  AND b.id < q.value * 10000000000000000 + CAST(@last AS INTEGER)
WHERE b.last_ts >= p.from_ts AND sound(b.chk, 'raw_blocks', b.id, b.last_ts, b.count, b.payload);

-- name: ListNewestInBlocks :many
-- fold_blocks makes one blob of what the samples of many blocks come to, and the row source
-- folded_buckets its rows: here one a series, in a bucket that holds all times. Walks raw_blocks by
-- its key: of each part the blocks of [first, last).
SELECT f.series_id, f.newest_ts AS ts, f.newest_value AS value
FROM (
  SELECT CAST(fold_blocks(
    b.payload, b.id, 10000000000000000, p.from_ts, 10000000000000000, '[]', NULL
  ) AS BLOB) AS folded
  FROM (SELECT CAST(@from_ts AS INTEGER) AS from_ts) AS p
  CROSS JOIN json_each(CAST(@parts AS TEXT)) AS q
  CROSS JOIN raw_blocks AS b
    ON b.id >= q.value * 10000000000000000 + CAST(@first AS INTEGER)
    AND b.id < q.value * 10000000000000000 + CAST(@last AS INTEGER)
  WHERE b.last_ts >= p.from_ts AND sound(b.chk, 'raw_blocks', b.id, b.last_ts, b.count, b.payload)
) AS made
CROSS JOIN folded_buckets AS f ON f.folded = made.folded;

-- name: ListNewestSamples :many
-- Walks raw_samples by its key from from_ts on; groups in a temporary B-tree.
-- SQLite takes the bare column value from the row that has max(ts).
SELECT series_id, CAST(max(ts) AS INTEGER) AS ts, value
FROM raw_samples
WHERE ts >= @from_ts AND sound(chk, 'raw_samples', ts, series_id, value)
GROUP BY series_id;

-- name: PackRollups :one
-- Walks rollups by its key: one series over [from_ts, until_ts). Such a walk yields rows in the
-- order of the key. Saying so would have SQLite bring each of them to pack by a detour of its own.
-- INDEXED BY names the key, or an index of somebody that has all columns could be walked instead.
SELECT CAST(pack(ts, count, sum, min, max, coalesce(chk, 4294967296)) AS BLOB) AS packed
FROM rollups INDEXED BY sqlite_autoindex_rollups_1
WHERE granularity = @granularity AND series_id = @series_id AND ts >= @from_ts AND ts < @until_ts;

-- name: PackSketches :one
-- Walks sketches by its key over [first, last).
SELECT CAST(pack_sketches(id, sketch, coalesce(chk, 4294967296)) AS BLOB) AS packed
FROM sketches
WHERE id >= @first AND id < @last;

-- name: PackStateRollups :one
-- Walks state_rollups by its key, as above: one series over [from_ts, until_ts).
SELECT CAST(pack(ts, value, count, total, coalesce(chk, 4294967296)) AS BLOB) AS packed
FROM state_rollups INDEXED BY sqlite_autoindex_state_rollups_1
WHERE granularity = @granularity AND series_id = @series_id AND ts >= @from_ts AND ts < @until_ts;
