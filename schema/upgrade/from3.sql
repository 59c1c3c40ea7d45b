-- From version 3 to the next one: sketches move from rollups into a table of their own, and what is
-- known of receivers into others.
CREATE TABLE sketches (
  id INTEGER PRIMARY KEY,
  sketch BLOB NOT NULL,
  chk INTEGER
) STRICT;

CREATE TRIGGER sketches_by_hand AFTER UPDATE ON sketches
WHEN new.chk IS old.chk AND old.chk IS NOT NULL
BEGIN
  UPDATE sketches SET chk = NULL WHERE id = new.id;
END;

-- Those of rows that are sound, or have no check value.
INSERT INTO sketches (id, sketch, chk)
SELECT k.id, k.sketch, CASE WHEN k.chk IS NOT NULL THEN seal('sketches', k.id, k.sketch) END
FROM (
  SELECT sketch_id(granularity, series_id, ts) AS id, sketch, chk
  FROM rollups
  WHERE
    sketch IS NOT NULL
    AND (chk IS NULL OR chk = seal('rollups', granularity, series_id, ts, count, sum, min, max, sketch))
) AS k
WHERE k.id IS NOT NULL;

-- A row that is not sound stays so.
UPDATE rollups
SET sketch = NULL, chk = seal('rollups', granularity, series_id, ts, count, sum, min, max)
WHERE sketch IS NOT NULL AND chk = seal('rollups', granularity, series_id, ts, count, sum, min, max, sketch);

-- It comes last, and is made again after all else.
DROP VIEW metrics;

ALTER TABLE rollups DROP COLUMN sketch;

-- Nothing was ever written to it. The table of this name that takes its place is made after this.
DROP TABLE push_intervals;
