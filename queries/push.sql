-- name: ListPushTargets :many
-- Scans push_targets: one row a target.
SELECT target, begun, sent_until, revision, report, changed
FROM push_targets
WHERE sound(chk, 'push_targets', target, begun, sent_until, revision, report)
ORDER BY target;

-- name: GetPushRevision :one
-- One seek in push_targets by its key. 0: there is no row, or it is not sound.
SELECT CAST(coalesce(max(revision), 0) AS INTEGER) AS revision
FROM push_targets
WHERE target = @target AND sound(chk, 'push_targets', target, begun, sent_until, revision, report);

-- name: SetPushTarget :exec
-- One seek in push_targets by its key. sent_until comes from one walk of push_sent by its key.
INSERT INTO push_targets (target, begun, sent_until, revision, report)
SELECT
  CAST(@target AS TEXT), CAST(@begun AS INTEGER), CAST(coalesce(max(i.until_ts), 0) AS INTEGER),
  CAST(@revision AS INTEGER), CAST(@report AS TEXT)
FROM push_sent AS i
WHERE i.target = @target
ON CONFLICT (target) DO UPDATE SET
  begun = excluded.begun, sent_until = excluded.sent_until, revision = excluded.revision,
  report = excluded.report;

-- name: SealPushTarget :exec
-- One seek in push_targets by its key.
UPDATE push_targets
SET chk = CAST(seal('push_targets', target, begun, sent_until, revision, report) AS INTEGER)
WHERE target = @target;

-- name: ForgetPushTarget :exec
-- One seek in push_targets by its key.
DELETE FROM push_targets
WHERE target = @target;

-- name: ListPushIntervals :many
-- Walks push_sent by its key: those of one target. Sorts in a temporary B-tree.
SELECT granularity, from_ts, until_ts, sent, confirmed, audits
FROM push_sent
WHERE target = @target
  AND sound(chk, 'push_sent', target, granularity, from_ts, until_ts, sent, confirmed, audits)
ORDER BY from_ts, granularity;

-- name: SetPushInterval :exec
-- One seek in push_sent by its key.
INSERT INTO push_sent (target, granularity, from_ts, until_ts, sent, confirmed, audits, chk)
VALUES (
  @target, @granularity, @from_ts, @until_ts, @sent, @confirmed, @audits,
  CAST(seal(
    'push_sent', CAST(@target AS TEXT), CAST(@granularity AS TEXT), CAST(@from_ts AS INTEGER),
    CAST(@until_ts AS INTEGER), CAST(@sent AS INTEGER), CAST(@confirmed AS INTEGER),
    CAST(@audits AS INTEGER)
  ) AS INTEGER)
)
ON CONFLICT (target, granularity, from_ts) DO UPDATE SET
  until_ts = excluded.until_ts, sent = excluded.sent, confirmed = excluded.confirmed,
  audits = excluded.audits, chk = excluded.chk;

-- name: ForgetPushInterval :exec
-- One seek in push_sent by its key.
DELETE FROM push_sent
WHERE target = @target AND granularity = @granularity AND from_ts = @from_ts;

-- name: ForgetPushIntervals :exec
-- Walks push_sent by its key: those of one target.
DELETE FROM push_sent
WHERE target = @target;

-- name: ForgetAllUnsent :exec
-- Walks push_unsent by its key: those of one target.
DELETE FROM push_unsent
WHERE target = @target;

-- name: ListUnsent :many
-- Walks push_unsent by its key: those of one target in [from_ts, until_ts), oldest first.
SELECT hour, granularity, series_id, minutes
FROM push_unsent
WHERE target = @target AND hour >= @from_ts AND hour < @until_ts
ORDER BY hour, granularity, series_id
LIMIT @rows;

-- name: MarkUnsent :exec
-- One seek in push_unsent by its key.
INSERT INTO push_unsent (target, hour, granularity, series_id, minutes)
VALUES (@target, @hour, @granularity, @series_id, @minutes)
ON CONFLICT (target, hour, granularity, series_id) DO UPDATE SET
  minutes = push_unsent.minutes | excluded.minutes;

-- name: ClearUnsent :exec
-- One seek in push_unsent by its key.
UPDATE push_unsent
SET minutes = minutes & ~CAST(@minutes AS INTEGER)
WHERE target = @target AND hour = @hour AND granularity = @granularity AND series_id = @series_id;

-- name: ForgetUnsent :exec
-- One seek in push_unsent by its key.
DELETE FROM push_unsent
WHERE
  target = @target AND hour = @hour AND granularity = @granularity AND series_id = @series_id
  AND minutes = 0;

-- name: ParkSamples :exec
-- One seek in push_parked by its key.
INSERT INTO push_parked (target, hour, granularity, series_id, name, samples, reason, refused)
VALUES (@target, @hour, @granularity, @series_id, @name, @samples, @reason, @refused)
ON CONFLICT (target, hour, granularity, series_id, name) DO UPDATE SET
  samples = push_parked.samples + excluded.samples, reason = excluded.reason,
  refused = excluded.refused;

-- name: SealParked :exec
-- One seek in push_parked by its key.
UPDATE push_parked
SET chk = CAST(seal(
  'push_parked', target, hour, granularity, series_id, name, samples, reason, refused
) AS INTEGER)
WHERE
  target = @target AND hour = @hour AND granularity = @granularity AND series_id = @series_id
  AND name = @name;

-- name: ListParked :many
-- Walks push_parked by its key: those of one target in [from_ts, until_ts), oldest first.
SELECT hour, granularity, series_id, name, samples, reason, refused
FROM push_parked
WHERE target = @target AND hour >= @from_ts AND hour < @until_ts
  AND sound(
    chk, 'push_parked', target, hour, granularity, series_id, name, samples, reason, refused
  )
ORDER BY hour, granularity, series_id, name
LIMIT @rows;

-- name: ForgetParked :exec
-- Walks push_parked by its key: those of one target before a moment.
DELETE FROM push_parked
WHERE target = @target AND hour < @before;
