-- name: InsertBlock :execrows
-- One seek in raw_blocks by its key, nearly always to the end of a part. Zero rows: the key is
-- taken.
INSERT OR IGNORE INTO raw_blocks (id, last_ts, count, chk, payload)
VALUES (@id, @last_ts, @count, CAST(@chk AS INTEGER), @payload);

-- name: ListParts :many
-- One seek in raw_blocks for each part that has any. A damaged key that leads back ends it.
WITH RECURSIVE p(part) AS (
  SELECT min(b.id) / 10000000000000000 FROM raw_blocks AS b
  UNION ALL
  SELECT (
    SELECT CASE WHEN min(b.id) / 10000000000000000 > p.part THEN min(b.id) / 10000000000000000 END
    FROM raw_blocks AS b
    WHERE b.id >= (p.part + 1) * 10000000000000000
  )
  FROM p
  WHERE p.part IS NOT NULL
)
SELECT CAST(p.part AS INTEGER) AS part
FROM p
WHERE p.part IS NOT NULL;

-- name: PackBlockKeys :one
-- Walks raw_blocks by its key over [from_id, until_id), without its payloads.
SELECT CAST(pack(p.id, p.last_ts, p.count, 4294967296) AS BLOB) AS packed
FROM (
  SELECT b.id, b.last_ts, b.count
  FROM raw_blocks AS b
  WHERE b.id >= @from_id AND b.id < @until_id AND b.last_ts >= @from_ts
  ORDER BY b.id
  LIMIT @max_rows
) AS p;

-- name: PackBlockKeysBackwards :one
-- As PackBlockKeys, backwards: walks raw_blocks by its key from the end of [from_id, until_id).
SELECT CAST(pack(p.id, p.last_ts, p.count, 4294967296) AS BLOB) AS packed
FROM (
  SELECT b.id, b.last_ts, b.count
  FROM raw_blocks AS b
  WHERE b.id >= @from_id AND b.id < @until_id AND b.last_ts >= @from_ts
  ORDER BY b.id DESC
  LIMIT @max_rows
) AS p;

-- name: LastMomentInBlocks :one
-- One seek in raw_blocks to the last sound block of each part, and from there a walk by its key
-- over the last minute of blocks: none from before that reaches as far. NULL becomes -1: there is
-- none from from_ts on.
SELECT CAST(coalesce(max(b.last_ts), -1) AS INTEGER) AS ts
FROM json_each(CAST(@parts AS TEXT)) AS q
CROSS JOIN raw_blocks AS b
  ON b.id > (
    SELECT e.id
    FROM raw_blocks AS e
    WHERE e.id < (q.value + 1) * 10000000000000000 AND sound(e.chk, 'raw_blocks', e.id, e.last_ts, e.count, e.payload)
    ORDER BY e.id DESC
    LIMIT 1
  ) - 60001000
  AND b.id >= q.value * 10000000000000000
  AND b.id < (q.value + 1) * 10000000000000000
WHERE b.last_ts >= @from_ts AND sound(b.chk, 'raw_blocks', b.id, b.last_ts, b.count, b.payload);

-- name: CountSamplesInBlocks :one
-- count_samples looks into a payload; where a block lies in the range as a whole, its count says
-- it. Walks raw_blocks by its key: of each part the blocks of [first, last).
SELECT CAST(coalesce(sum(
  CASE
    WHEN b.id % 10000000000000000 >= p.from_ts + 1000 AND b.last_ts < p.until_ts THEN b.count
    ELSE count_samples(b.payload, b.id % 10000000000000000, p.from_ts, p.until_ts)
  END
), 0) AS INTEGER) AS samples
FROM (SELECT CAST(@from_ts AS INTEGER) AS from_ts, CAST(@until_ts AS INTEGER) AS until_ts) AS p
CROSS JOIN json_each(CAST(@parts AS TEXT)) AS q
CROSS JOIN raw_blocks AS b
  ON b.id >= q.value * 10000000000000000 + CAST(@first AS INTEGER)
  AND b.id < q.value * 10000000000000000 + CAST(@last AS INTEGER)
WHERE b.last_ts >= p.from_ts AND sound(b.chk, 'raw_blocks', b.id, b.last_ts, b.count, b.payload);

-- name: SweepBlocks :execrows
-- Walks raw_blocks by its key: of one part the blocks of [from_id, until_id) that end before floor.
-- What begins a minute before it does, whatever a damaged row says.
DELETE FROM raw_blocks
WHERE id >= @from_id AND id < @until_id AND (last_ts < @floor OR id < @surely_before_id);
