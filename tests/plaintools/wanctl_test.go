package plaintools

import (
	"regexp"
	"strings"
	"testing"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/service"
)

// wanctlOpens is what a present-day wanctl does with the file at its default path, which is that of
// a history, too: it makes its table and its indices where they are not there, and writes.
var wanctlOpens = []string{
	"PRAGMA journal_mode = WAL;",
	"PRAGMA synchronous = NORMAL;",
	"PRAGMA journal_size_limit = 67108864;",
	"PRAGMA auto_vacuum = INCREMENTAL;",
	"PRAGMA integrity_check;",
	`CREATE TABLE IF NOT EXISTS metrics (
	  id INTEGER PRIMARY KEY AUTOINCREMENT, timestamp INTEGER NOT NULL, wan_name TEXT NOT NULL,
	  metric_name TEXT NOT NULL, value REAL NOT NULL, labels TEXT,
	  granularity TEXT DEFAULT 'raw');`,
	"CREATE INDEX IF NOT EXISTS idx_metrics_timestamp ON metrics (timestamp);",
	`CREATE INDEX IF NOT EXISTS idx_metrics_wan_metric_time
	  ON metrics (wan_name, metric_name, timestamp);`,
	"CREATE INDEX IF NOT EXISTS idx_metrics_granularity_time ON metrics (granularity, timestamp);",
	`CREATE TABLE IF NOT EXISTS alerts
	  (id INTEGER PRIMARY KEY AUTOINCREMENT, timestamp INTEGER NOT NULL, details TEXT);`,
	"BEGIN;",
	`INSERT INTO metrics (timestamp, wan_name, metric_name, value, labels, granularity)
	  VALUES (1, 'a', 'b', 2.0, NULL, 'raw');`,
	"ROLLBACK;",
	"DELETE FROM metrics WHERE timestamp < 5000000000;",
}

// refused is what SQLite says of a view that is taken for a table.
var refused = regexp.MustCompile(`views may not be indexed|cannot modify metrics because`)

// wanctl opens the file by mistake. What it cannot do costs nothing.
func wanctl(t *testing.T, w *world) {
	t.Helper()
	s := w.shell.open(t, w.path)
	defer s.kill()
	for _, one := range wanctlOpens {
		s.ask(t, one)
	}
	must(t, s.input.Close())
	s.wait()
	for said := range strings.SplitSeq(strings.TrimSpace(s.said()), "\n") {
		if !refused.MatchString(said) {
			t.Errorf("wanctl is told: %s", said)
		}
	}
	if n := len(refused.FindAllString(s.said(), -1)); n != 5 {
		t.Errorf("wanctl was refused %d times, want 5: %s", n, s.said())
	}
}

func TestOpenedByWanctl(t *testing.T) {
	t.Run("beside a recorder", func(t *testing.T) {
		w := beside(t)
		for range 2 {
			w.recorder.await(t, 4)
			wanctl(t, w)
		}
		w.finish(t)
	})
	t.Run("at rest", func(t *testing.T) {
		w := atRest(t)
		wanctl(t, w)
		w.finish(t)
	})
}

// numbers are what the header of a file says of whose it is.
func numbers(t *testing.T, path string) (list [2]int64) {
	t.Helper()
	list[0] = filetest.Int(t, path, "PRAGMA application_id")
	list[1] = filetest.Int(t, path, "PRAGMA user_version")
	return list
}

// lostNumbers are the ways for a header to lose its numbers.
var lostNumbers = []struct {
	name   string
	script string
}{
	{"application", "PRAGMA application_id = 0;"},
	{"version", "PRAGMA user_version = 0;"},
	{"both", "PRAGMA application_id = 0; PRAGMA user_version = 0;"},
}

// A history whose header has lost its numbers opens, has them again, and is never taken for
// wanctl's.
func TestWithoutHeaderNumbersAtRest(t *testing.T) {
	for _, lost := range lostNumbers {
		t.Run(lost.name, func(t *testing.T) {
			w := atRest(t)
			want := numbers(t, w.path)
			script(lost.script)(t, w)
			if h, err := service.OpenHistory(t.Context(), w.path); err != nil {
				t.Errorf("a reader: %v", err)
			} else {
				checkHistory(t, h, &w.oracle, 0, 0)
				must(t, h.Close())
			}
			goOn(t, w.path, &w.oracle, 0)
			if got := numbers(t, w.path); got != want {
				t.Errorf("the header says %d, want %d", got, want)
			}
		})
	}
}

// The same while it is being recorded: the next writer at the latest sees to it.
func TestWithoutHeaderNumbersBesideARecorder(t *testing.T) {
	for _, lost := range lostNumbers {
		t.Run(lost.name, func(t *testing.T) {
			w := beside(t)
			want := numbers(t, w.path)
			w.recorder.await(t, 2)
			script(lost.script)(t, w)
			w.finish(t)
			if got := numbers(t, w.path); got != want {
				t.Errorf("the header says %d, want %d", got, want)
			}
		})
	}
}
