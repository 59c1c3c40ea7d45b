package corruption

import (
	"strings"
	"testing"
	"time"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/service"
)

// What somebody changes with plain SQLite is no damage: it counts, and nobody is told.
func TestAHandIsNoDamage(t *testing.T) {
	whole, _ := closed(t)
	for name, statements := range map[string]string{
		"series": `UPDATE series SET wan_name = 'cable' WHERE id = 1;
			INSERT INTO series (metric_name, wan_name, labels, aggregation)
				VALUES ('hand', 'cable', '{}', 'avg');
			DELETE FROM series WHERE id = 3`,
		"raw_blocks": `UPDATE raw_blocks SET payload = ' ' || payload WHERE id % 2 = 0;
			INSERT INTO raw_blocks (id, last_ts, count, payload)
			SELECT max(id) + 5000000, max(id) + 5000000, 1, '[{"t":[0],"v":{"1":2.5}}]' FROM raw_blocks;
			DELETE FROM raw_blocks WHERE id % 3 = 0`,
		"raw_samples": `INSERT INTO raw_samples (ts, series_id, value)
			SELECT id, 1, 3 FROM raw_blocks WHERE id % 5 = 0;
			UPDATE raw_samples SET value = 4; DELETE FROM raw_samples WHERE ts % 2 = 0`,
		"rollups": `UPDATE rollups SET sum = sum + 1, max = max + 1 WHERE ts % 7 = 0;
			INSERT INTO rollups (granularity, series_id, ts, count, sum, min, max)
			SELECT '1m', 1, max(ts) + 60000000, 1, 1, 1, 1 FROM rollups WHERE granularity = '1m';
			DELETE FROM rollups WHERE ts % 11 = 0`,
		"sketches": `UPDATE sketches SET sketch = x'00' WHERE id % 7 = 0;
			UPDATE sketches SET id = id + 5000000000 WHERE id % 11 = 0;
			INSERT INTO sketches (id, sketch) VALUES (-1, x''), (17, x'000004');
			DELETE FROM sketches WHERE id % 13 = 0`,
		"state_rollups": `UPDATE state_rollups SET count = count + 1 WHERE ts % 7 = 0;
			INSERT INTO state_rollups (granularity, series_id, ts, value, count)
			SELECT '1m', 2, max(ts) + 60000000, 1, 1 FROM state_rollups WHERE granularity = '1m';
			DELETE FROM state_rollups WHERE ts % 11 = 0`,
		"states of a bucket": `DELETE FROM state_rollups WHERE total > 0 AND ts % 7 = 0;
			DELETE FROM state_rollups WHERE total = 0 AND ts % 13 = 0;
			UPDATE state_rollups SET value = value + 100 WHERE ts % 11 = 0 AND total > 0;
			UPDATE state_rollups SET ts = ts + 1 WHERE ts % 17 = 0 AND total > 0`,
		"tiers": `UPDATE tiers SET keep = keep * 2 WHERE granularity = '1h'`,
		"clock": `UPDATE clock SET seen = 1`,
		"imports": `INSERT INTO imports (source, format, bytes, lines, last_id, second,
				aggregated, hash, newest_id, newest_hash, updated)
				VALUES ('f', 'csv', 1, 1, 0, 0, 0, x'01', 0, x'', 1);
			UPDATE imports SET lines = 2`,
	} {
		t.Run(name, func(t *testing.T) {
			path := whole.put(t)
			filetest.Exec(t, path, statements)
			tellsNothing(t, path)
		})
	}
}

// tellsNothing says that nobody takes anything of a history for damaged.
func tellsNothing(t *testing.T, path string) {
	t.Helper()
	log, logger := newLogged()
	w := openWith(t, service.Config{DBPath: path, KeepRaw: time.Hour}, service.Options{Logger: logger})
	maintain(t, w)
	if problems := w.Health(); len(problems) > 0 {
		t.Errorf("health: %v", problems)
	}
	must(t, w.Close(t.Context()))
	log.saw(t)
	_, told, err := readAndTell(t.Context(), path)
	must(t, err)
	if len(told) > 0 {
		t.Errorf("status: %v", told)
	}
}

// A row that is not as it was written is told of once in the log, and in health and status until it
// is gone.
func TestTold(t *testing.T) {
	whole, _ := closed(t)
	path := whole.put(t)
	filetest.Exec(t, path, `DROP TRIGGER rollups_by_hand;
		UPDATE rollups SET sum = sum + 1 WHERE granularity = '5m'
			AND ts IN (SELECT max(ts) FROM rollups WHERE granularity = '5m')`)
	log, logger := newLogged()
	w := openWith(t, service.Config{DBPath: path, KeepRaw: time.Hour}, service.Options{Logger: logger})
	maintain(t, w)
	maintain(t, w)
	log.saw(t, "are left out")
	isTold(t, "the writer", w.Health())
	if n := len(w.Status().Unsound); n != 1 {
		t.Errorf("the status of the writer has %d places, want 1", n)
	}
	h, err := service.OpenHistory(t.Context(), path)
	must(t, err)
	defer func() { must(t, h.Close()) }()
	problems, err := h.Health(t.Context())
	must(t, err)
	if len(problems) > 0 {
		t.Errorf("health before anybody has read: %v", problems)
	}
	status, err := h.Status(t.Context())
	must(t, err)
	if len(status.Unsound) != 1 || status.Unsound[0].Table != "rollups" ||
		status.Unsound[0].Granularity != "5m" {
		t.Errorf("status: %v", status.Unsound)
	}
	problems, err = h.Health(t.Context())
	must(t, err)
	isTold(t, "a reader", problems)
}

func isTold(t *testing.T, who string, problems []service.Problem) {
	t.Helper()
	if len(problems) != 1 || problems[0].Reason != service.ContentDamaged ||
		!strings.Contains(problems[0].Message, "of rollups 5m from ") {
		t.Errorf("health of %s: %v, want %s", who, problems, service.ContentDamaged)
	}
}
