-- How far the file has been sent to receivers of remote write: the second part of a new file, and
-- what a file of version 3 does not have. docs/FORMAT.md describes it for other programs.

-- The targets that the file is pushed to: a receiver and what series are called there. begun: where
-- what is to be sent begins. sent_until: none of its intervals ends later. revision: one more with
-- each change. report: what its sender keeps beside, as JSON. changed: how often samples joined a
-- bucket that had been sent; chk leaves it out.
CREATE TABLE push_targets (
  target TEXT PRIMARY KEY,
  begun INTEGER NOT NULL,
  sent_until INTEGER NOT NULL,
  revision INTEGER NOT NULL,
  report TEXT NOT NULL,
  changed INTEGER NOT NULL DEFAULT 0,
  chk INTEGER
) STRICT, WITHOUT ROWID;

-- Intervals whose buckets of a tier a target has been sent. sent: when the last part was. confirmed:
-- when the target was seen to have them all, 0 until then. audits: how often it was asked for them.
CREATE TABLE push_sent (
  target TEXT NOT NULL,
  granularity TEXT NOT NULL,
  from_ts INTEGER NOT NULL,
  until_ts INTEGER NOT NULL,
  sent INTEGER NOT NULL,
  confirmed INTEGER NOT NULL,
  audits INTEGER NOT NULL,
  chk INTEGER,
  PRIMARY KEY (target, granularity, from_ts)
) STRICT, WITHOUT ROWID;

-- Buckets of a series in an hour that a target has to be sent although an interval of their time
-- was sent: bit n of minutes is the bucket that begins n minutes later. Of raw samples these are
-- whole minutes, and series_id is 0 for all series. Triggers make most of the rows, so they have no
-- chk.
CREATE TABLE push_unsent (
  target TEXT NOT NULL,
  hour INTEGER NOT NULL,
  granularity TEXT NOT NULL,
  series_id INTEGER NOT NULL,
  minutes INTEGER NOT NULL,
  PRIMARY KEY (target, hour, granularity, series_id)
) STRICT, WITHOUT ROWID;

-- Samples that a target does not take, in one hour of a series. name: the metric at the target.
-- reason: the target's words. refused: when it refused them last.
CREATE TABLE push_parked (
  target TEXT NOT NULL,
  hour INTEGER NOT NULL,
  granularity TEXT NOT NULL,
  series_id INTEGER NOT NULL,
  name TEXT NOT NULL,
  samples INTEGER NOT NULL,
  reason TEXT NOT NULL,
  refused INTEGER NOT NULL,
  chk INTEGER,
  PRIMARY KEY (target, hour, granularity, series_id, name)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER push_targets_by_hand
AFTER UPDATE OF target, begun, sent_until, revision, report ON push_targets
WHEN new.chk IS old.chk AND old.chk IS NOT NULL
BEGIN
  UPDATE push_targets SET chk = NULL WHERE target = new.target;
END;

CREATE TRIGGER push_sent_by_hand AFTER UPDATE ON push_sent
WHEN new.chk IS old.chk AND old.chk IS NOT NULL
BEGIN
  UPDATE push_sent SET chk = NULL
  WHERE target = new.target AND granularity = new.granularity AND from_ts = new.from_ts;
END;

CREATE TRIGGER push_parked_by_hand AFTER UPDATE ON push_parked
WHEN new.chk IS old.chk AND old.chk IS NOT NULL
BEGIN
  UPDATE push_parked SET chk = NULL
  WHERE
    target = new.target AND hour = new.hour AND granularity = new.granularity
    AND series_id = new.series_id AND name = new.name;
END;

-- A bucket that is made where a target has been sent the others is to be sent. While nothing is
-- pushed, and for what is newer than all that was sent, each of these triggers is one look into
-- push_targets.
CREATE TRIGGER rollups_unsent AFTER INSERT ON rollups
WHEN EXISTS (SELECT 1 FROM push_targets WHERE sent_until > new.ts)
BEGIN
  INSERT INTO push_unsent (target, hour, granularity, series_id, minutes)
  SELECT
    i.target, new.ts / 3600000000 * 3600000000, i.granularity, new.series_id,
    1 << (new.ts / 60000000 % 60)
  FROM push_targets AS t
  CROSS JOIN push_sent AS i
    ON i.target = t.target AND i.granularity = new.granularity AND i.from_ts = (
      SELECT max(o.from_ts) FROM push_sent AS o
      WHERE o.target = t.target AND o.granularity = new.granularity AND o.from_ts <= new.ts
    )
  WHERE i.until_ts > new.ts
  ON CONFLICT (target, hour, granularity, series_id) DO UPDATE SET
    minutes = push_unsent.minutes | excluded.minutes;
END;

CREATE TRIGGER state_rollups_unsent AFTER INSERT ON state_rollups
WHEN EXISTS (SELECT 1 FROM push_targets WHERE sent_until > new.ts) AND NOT EXISTS (
  SELECT 1 FROM state_rollups AS s
  WHERE
    s.granularity = new.granularity AND s.series_id = new.series_id AND s.ts = new.ts
    AND s.value <> new.value
)
BEGIN
  INSERT INTO push_unsent (target, hour, granularity, series_id, minutes)
  SELECT
    i.target, new.ts / 3600000000 * 3600000000, i.granularity, new.series_id,
    1 << (new.ts / 60000000 % 60)
  FROM push_targets AS t
  CROSS JOIN push_sent AS i
    ON i.target = t.target AND i.granularity = new.granularity AND i.from_ts = (
      SELECT max(o.from_ts) FROM push_sent AS o
      WHERE o.target = t.target AND o.granularity = new.granularity AND o.from_ts <= new.ts
    )
  WHERE i.until_ts > new.ts
  ON CONFLICT (target, hour, granularity, series_id) DO UPDATE SET
    minutes = push_unsent.minutes | excluded.minutes;
END;

CREATE TRIGGER raw_samples_unsent AFTER INSERT ON raw_samples
WHEN EXISTS (SELECT 1 FROM push_targets WHERE sent_until > new.ts)
BEGIN
  INSERT INTO push_unsent (target, hour, granularity, series_id, minutes)
  SELECT
    i.target, new.ts / 3600000000 * 3600000000, i.granularity, 0,
    1 << (new.ts / 60000000 % 60)
  FROM push_targets AS t
  CROSS JOIN push_sent AS i
    ON i.target = t.target AND i.granularity = 'raw' AND i.from_ts = (
      SELECT max(o.from_ts) FROM push_sent AS o
      WHERE o.target = t.target AND o.granularity = 'raw' AND o.from_ts <= new.ts
    )
  WHERE i.until_ts > new.ts
  ON CONFLICT (target, hour, granularity, series_id) DO UPDATE SET
    minutes = push_unsent.minutes | excluded.minutes;
END;

-- A block is less than a minute long, so it lies in two minutes at the most.
CREATE TRIGGER raw_blocks_unsent AFTER INSERT ON raw_blocks
WHEN EXISTS (SELECT 1 FROM push_targets WHERE sent_until > new.id % 10000000000000000)
BEGIN
  INSERT INTO push_unsent (target, hour, granularity, series_id, minutes)
  SELECT i.target, m.value / 60 * 3600000000, i.granularity, 0, 1 << (m.value % 60)
  FROM push_targets AS t
  CROSS JOIN push_sent AS i
    ON i.target = t.target AND i.granularity = 'raw'
    AND i.from_ts <= new.last_ts AND i.until_ts > new.id % 10000000000000000
  CROSS JOIN json_each(
    json_array(new.id % 10000000000000000 / 60000000, new.last_ts / 60000000)
  ) AS m
  WHERE true
  ON CONFLICT (target, hour, granularity, series_id) DO UPDATE SET
    minutes = push_unsent.minutes | excluded.minutes;
END;

-- Samples that join a bucket that has been sent are counted: a receiver cannot be told.
CREATE TRIGGER rollups_changed AFTER UPDATE OF count ON rollups
WHEN EXISTS (SELECT 1 FROM push_targets WHERE sent_until > new.ts)
BEGIN
  UPDATE push_targets SET changed = changed + 1
  WHERE EXISTS (
    SELECT 1 FROM push_sent AS i
    WHERE
      i.target = push_targets.target AND i.granularity = new.granularity
      AND i.from_ts <= new.ts AND i.until_ts > new.ts
  ) AND NOT EXISTS (
    SELECT 1 FROM push_unsent AS u
    WHERE
      u.target = push_targets.target AND u.hour = new.ts / 3600000000 * 3600000000
      AND u.granularity = new.granularity AND u.series_id = new.series_id
      AND u.minutes & (1 << (new.ts / 60000000 % 60)) <> 0
  );
END;

CREATE TRIGGER state_rollups_changed AFTER UPDATE OF count ON state_rollups
WHEN new.count > old.count AND EXISTS (SELECT 1 FROM push_targets WHERE sent_until > new.ts)
BEGIN
  UPDATE push_targets SET changed = changed + 1
  WHERE EXISTS (
    SELECT 1 FROM push_sent AS i
    WHERE
      i.target = push_targets.target AND i.granularity = new.granularity
      AND i.from_ts <= new.ts AND i.until_ts > new.ts
  ) AND NOT EXISTS (
    SELECT 1 FROM push_unsent AS u
    WHERE
      u.target = push_targets.target AND u.hour = new.ts / 3600000000 * 3600000000
      AND u.granularity = new.granularity AND u.series_id = new.series_id
      AND u.minutes & (1 << (new.ts / 60000000 % 60)) <> 0
  );
END;
