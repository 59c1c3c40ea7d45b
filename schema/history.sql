-- Version 4 of the file. docs/FORMAT.md describes it for other programs.
-- Time is INTEGER microseconds since the Unix epoch, UTC. Ranges are half-open: [from, until).
-- chk is a check value of the rest of its row, NULL for none. docs/FORMAT.md says how it is made.

-- What the file is, for a copy that has lost the numbers in its header, such as one that .dump made.
CREATE TABLE wanstore (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  version INTEGER NOT NULL
) STRICT;

INSERT INTO wanstore (id, version) VALUES (1, 4);

-- One row a series. aggregation is set by the first row of a metric. AUTOINCREMENT: an id that somebody
-- deletes must not name another series later, which would get what the deleted one has left.
-- last_ts and last_value are the newest sample below the 1m watermark; what is newer is found in the raw tier.
-- chk leaves out these two.
CREATE TABLE series (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  metric_name TEXT NOT NULL,
  wan_name TEXT NOT NULL,
  labels TEXT NOT NULL,
  aggregation TEXT NOT NULL CHECK (aggregation IN ('avg', 'mode')),
  last_ts INTEGER,
  last_value REAL,
  chk INTEGER,
  UNIQUE (metric_name, wan_name, labels)
) STRICT;

-- What a program has declared of a metric, so that every program shows it. states: a JSON object that names the values
-- of states, such as {"0":"GREEN"}. percentiles: whether its buckets keep a sketch.
CREATE TABLE metric_metadata (
  metric_name TEXT PRIMARY KEY,
  help TEXT NOT NULL,
  unit TEXT NOT NULL,
  states TEXT NOT NULL,
  percentiles INTEGER NOT NULL,
  chk INTEGER
) STRICT, WITHOUT ROWID;

-- Raw samples as they arrived: one row for what a commit brings of up to 256 series (part = series_id / 256).
--
-- id: part * 10000000000000000 + a moment, that of the first sample or, where that key is taken, the next free one after
-- it, at most 1 ms later. last_ts: the moment of the newest sample, less than 60 s after. count: how many samples.
-- payload: JSON, [{"t":[dt,...],"v":{"<series_id>":<values>,...}},...]
--   t: moments in microseconds since that of id. v: each series that has a sample at every one of these moments, as
--   [value,...]      one value a moment
--   value            the same at all of them
--   [[i,value],...]  the same from the ith moment on
-- Within a block a series is in one element only.
CREATE TABLE raw_blocks (
  id INTEGER PRIMARY KEY,
  last_ts INTEGER NOT NULL,
  count INTEGER NOT NULL,
  chk INTEGER,
  payload TEXT NOT NULL
) STRICT;

-- Raw samples that no block has: those that were not newer than all that was known of their series, and those whose moment
-- or series has no key in raw_blocks.
CREATE TABLE raw_samples (
  ts INTEGER NOT NULL,
  series_id INTEGER NOT NULL,
  value REAL NOT NULL,
  chk INTEGER,
  PRIMARY KEY (ts, series_id)
) STRICT, WITHOUT ROWID;

-- Buckets of series whose aggregation is avg. The average is sum / count, so tiers merge exactly.
CREATE TABLE rollups (
  granularity TEXT NOT NULL,
  series_id INTEGER NOT NULL,
  ts INTEGER NOT NULL,
  count INTEGER NOT NULL,
  sum REAL NOT NULL,
  min REAL NOT NULL,
  max REAL NOT NULL,
  chk INTEGER,
  PRIMARY KEY (granularity, series_id, ts)
) STRICT, WITHOUT ROWID;

-- How the samples of a bucket in rollups are distributed, for questions about percentiles, which alone read it.
-- id: series_id * 10000000000 + tier * 1000000000 + ts / 60000000, tier: 1 for 1m, 2 for 5m, 3 for 1h.
-- A sketch with more or fewer samples than its bucket counts for nothing; an empty one neither, whatever joins it.
CREATE TABLE sketches (
  id INTEGER PRIMARY KEY,
  sketch BLOB NOT NULL,
  chk INTEGER
) STRICT;

-- Buckets of series whose aggregation is mode: one row a state that occurred, with its number of samples.
-- total: in one row of a bucket the samples of all its rows, 0 in the others, so that a row that is missing shows.
CREATE TABLE state_rollups (
  granularity TEXT NOT NULL,
  series_id INTEGER NOT NULL,
  ts INTEGER NOT NULL,
  value REAL NOT NULL,
  count INTEGER NOT NULL,
  total INTEGER NOT NULL DEFAULT 0,
  chk INTEGER,
  PRIMARY KEY (granularity, series_id, ts, value)
) STRICT, WITHOUT ROWID;

-- watermark: everything before it has been rolled up into the tier (unused for raw, which nothing is rolled up into).
-- floor: rows before it no longer count and wait to be swept. keep: the age at which the tier lets go.
CREATE TABLE tiers (
  granularity TEXT PRIMARY KEY,
  watermark INTEGER NOT NULL,
  floor INTEGER NOT NULL,
  keep INTEGER NOT NULL,
  chk INTEGER
) STRICT, WITHOUT ROWID;

INSERT INTO tiers (granularity, watermark, floor, keep) VALUES
  ('raw', 0, 0, 3600000000),
  ('1m', 0, 0, 86400000000),
  ('5m', 0, 0, 604800000000),
  ('1h', 0, 0, 604800000000);

-- What is known of the clock that ages are counted from: one row. trusted: the latest moment that deleting has gone by.
-- doubted: what the clock said when it was first found to be ahead of what can be explained. seen: what it said at the last
-- pass of maintenance. 0: there is none.
CREATE TABLE clock (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  trusted INTEGER NOT NULL,
  doubted INTEGER NOT NULL,
  seen INTEGER NOT NULL,
  chk INTEGER
) STRICT;

INSERT INTO clock (id, trusted, doubted, seen) VALUES (1, 0, 0, 0);

-- How far an import has been taken in. csv: the first `bytes` bytes (uncompressed), which are
-- `lines` lines and have this SHA-256. csv-skipped: which of these lines were skipped, by the bits
-- of `newest_hash`. wanctl: the rows up to `last_id` of before the Unix second `second`, where row
-- `last_id` has this SHA-256, and row `newest_id`, the newest of the coarsest granularity,
-- `newest_hash`; `aggregated` is 0, and no longer used.
CREATE TABLE imports (
  id INTEGER PRIMARY KEY,
  source TEXT NOT NULL,
  format TEXT NOT NULL,
  bytes INTEGER NOT NULL,
  lines INTEGER NOT NULL,
  last_id INTEGER NOT NULL,
  second INTEGER NOT NULL,
  aggregated INTEGER NOT NULL,
  hash BLOB NOT NULL,
  newest_id INTEGER NOT NULL,
  newest_hash BLOB NOT NULL,
  updated INTEGER NOT NULL,
  chk INTEGER
) STRICT;

-- How far the rows of a damaged history have been taken in. source: the name of its file. hash: the SHA-256 of its content,
-- empty until somebody has read it. successor: 1 where this file was made in its place, and so had none of its rows.
-- place: the next row to be taken, as JSON; report: what was found and taken, as JSON. ended: when all of it was, 0 until then.
CREATE TABLE salvages (
  id INTEGER PRIMARY KEY,
  source TEXT NOT NULL,
  hash BLOB NOT NULL,
  successor INTEGER NOT NULL,
  place TEXT NOT NULL,
  report TEXT NOT NULL,
  ended INTEGER NOT NULL,
  chk INTEGER
) STRICT;

-- What somebody changes by hand is no damage: where an UPDATE leaves chk as it was, the row has none from then on.
CREATE TRIGGER series_by_hand AFTER UPDATE OF id, metric_name, wan_name, labels, aggregation ON series
WHEN new.chk IS old.chk AND old.chk IS NOT NULL
BEGIN
  UPDATE series SET chk = NULL WHERE id = new.id;
END;

CREATE TRIGGER metric_metadata_by_hand AFTER UPDATE ON metric_metadata
WHEN new.chk IS old.chk AND old.chk IS NOT NULL
BEGIN
  UPDATE metric_metadata SET chk = NULL WHERE metric_name = new.metric_name;
END;

CREATE TRIGGER raw_blocks_by_hand AFTER UPDATE ON raw_blocks
WHEN new.chk IS old.chk AND old.chk IS NOT NULL
BEGIN
  UPDATE raw_blocks SET chk = NULL WHERE id = new.id;
END;

CREATE TRIGGER raw_samples_by_hand AFTER UPDATE ON raw_samples
WHEN new.chk IS old.chk AND old.chk IS NOT NULL
BEGIN
  UPDATE raw_samples SET chk = NULL WHERE ts = new.ts AND series_id = new.series_id;
END;

CREATE TRIGGER rollups_by_hand AFTER UPDATE ON rollups
WHEN new.chk IS old.chk AND old.chk IS NOT NULL
BEGIN
  UPDATE rollups SET chk = NULL WHERE granularity = new.granularity AND series_id = new.series_id AND ts = new.ts;
END;

CREATE TRIGGER sketches_by_hand AFTER UPDATE ON sketches
WHEN new.chk IS old.chk AND old.chk IS NOT NULL
BEGIN
  UPDATE sketches SET chk = NULL WHERE id = new.id;
END;

CREATE TRIGGER state_rollups_by_hand AFTER UPDATE ON state_rollups
WHEN new.chk IS old.chk AND old.chk IS NOT NULL
BEGIN
  UPDATE state_rollups SET chk = NULL
  WHERE granularity = new.granularity AND series_id = new.series_id AND ts = new.ts AND value = new.value;
END;

-- Of a bucket of states with a row without chk nobody asks the total: so one of those that are left loses it when a state is
-- moved to another bucket or deleted. What lies below the floor does not count, and is deleted as it is.
CREATE TRIGGER state_rollups_moved_by_hand AFTER UPDATE OF granularity, series_id, ts ON state_rollups
BEGIN
  UPDATE state_rollups SET chk = NULL
  WHERE granularity = old.granularity AND series_id = old.series_id AND ts = old.ts AND value = (
    SELECT min(value) FROM state_rollups WHERE granularity = old.granularity AND series_id = old.series_id AND ts = old.ts
  );
END;

CREATE TRIGGER state_rollups_deleted_by_hand AFTER DELETE ON state_rollups
WHEN old.ts >= (SELECT floor FROM tiers WHERE granularity = old.granularity)
BEGIN
  UPDATE state_rollups SET chk = NULL
  WHERE granularity = old.granularity AND series_id = old.series_id AND ts = old.ts AND value = (
    SELECT min(value) FROM state_rollups WHERE granularity = old.granularity AND series_id = old.series_id AND ts = old.ts
  );
END;

CREATE TRIGGER tiers_by_hand AFTER UPDATE ON tiers
WHEN new.chk IS old.chk AND old.chk IS NOT NULL
BEGIN
  UPDATE tiers SET chk = NULL WHERE granularity = new.granularity;
END;

CREATE TRIGGER clock_by_hand AFTER UPDATE ON clock
WHEN new.chk IS old.chk AND old.chk IS NOT NULL
BEGIN
  UPDATE clock SET chk = NULL WHERE id = new.id;
END;

CREATE TRIGGER imports_by_hand AFTER UPDATE ON imports
WHEN new.chk IS old.chk AND old.chk IS NOT NULL
BEGIN
  UPDATE imports SET chk = NULL WHERE id = new.id;
END;

CREATE TRIGGER salvages_by_hand AFTER UPDATE ON salvages
WHEN new.chk IS old.chk AND old.chk IS NOT NULL
BEGIN
  UPDATE salvages SET chk = NULL WHERE id = new.id;
END;
