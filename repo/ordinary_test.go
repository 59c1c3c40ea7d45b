package repo_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/repo"
	"github.com/wanstore/wanstore/repo/wanctl"
	"github.com/wanstore/wanstore/schema"
)

// Somebody may give a history pages of another size, or another auto_vacuum: it is taken as it is.
func TestPagesOfAnotherSize(t *testing.T) {
	for _, c := range []struct {
		size         int64
		vacuum, mode string
	}{
		{512, "none", "wal"}, {512, "full", "delete"}, {1024, "incremental", "wal"},
		{4096, "none", "delete"}, {4096, "full", "wal"},
		{65536, "none", "wal"}, {65536, "incremental", "delete"},
	} {
		t.Run(fmt.Sprint(c), func(t *testing.T) {
			path := record(t)
			want := ask(t, path)
			shell(t, path, fmt.Sprintf("PRAGMA journal_mode = delete; PRAGMA page_size = %d; "+
				"PRAGMA auto_vacuum = %s; VACUUM; PRAGMA journal_mode = %s;", c.size, c.vacuum, c.mode))
			recordsOn(t, path, want)
			if got := filetest.Int(t, path, "PRAGMA page_size"); got != c.size {
				t.Errorf("pages have %d bytes now, want %d", got, c.size)
			}
			if got := filetest.Query(t, path, "PRAGMA journal_mode")[0][0]; got != "wal" {
				t.Errorf("the journal mode is %s, want wal", got)
			}
		})
	}
}

// What a file cannot give back, because somebody has given it another auto_vacuum, is not asked for
// without an end.
func TestVacuumWithAnotherAutoVacuum(t *testing.T) {
	for _, vacuum := range []string{"none", "full"} {
		path := record(t)
		shell(t, path, "PRAGMA auto_vacuum = "+vacuum+"; VACUUM; CREATE TABLE mine (x); "+
			"INSERT INTO mine VALUES (zeroblob(2000000)); DELETE FROM mine;")
		w := open(t, path)
		for _, sizeCap := range []int64{0, repo.MinSizeCap} {
			if err := w.CapSize(t.Context(), sizeCap); err != nil {
				t.Fatal(err)
			}
			if freed, more, err := w.Vacuum(t.Context()); freed != 0 || more || err != nil {
				t.Errorf("auto_vacuum %s: freed %d, more %v, %v", vacuum, freed, more, err)
			}
		}
	}
}

// The numbers in the header are lost: by hand, beside a writer, or with a dump.
func TestHeaderNumbersLost(t *testing.T) {
	path := record(t)
	want := ask(t, path)
	shell(t, path, "PRAGMA application_id = 0; PRAGMA user_version = 0;")
	recordsOn(t, path, want)
	isNumbered(t, path)

	w := open(t, path)
	want = ask(t, path)
	shell(t, path, "PRAGMA application_id = 7; PRAGMA user_version = 12;")
	add(t, w, repo.Sample{Series: newSeries("rtt"), TS: start, Value: 0}) // which is there
	if diff := cmp.Diff(want, ask(t, path)); diff != "" {
		t.Errorf("beside a writer (-want +got):\n%s", diff)
	}
	open(t, path)
	isNumbered(t, path)
}

func isNumbered(t *testing.T, path string) {
	t.Helper()
	for name, want := range map[string]int64{
		"application_id": 0x57414e53, "user_version": schema.Version,
	} {
		if got := filetest.Int(t, path, "PRAGMA "+name); got != want {
			t.Errorf("%s is %#x, want %#x", name, got, want)
		}
	}
}

func dump(t *testing.T) (text string, want said) {
	t.Helper()
	path := record(t)
	return shell(t, path, ".dump"), ask(t, path)
}

func TestLoadedDump(t *testing.T) {
	text, want := dump(t)
	path := filetest.Path(t)
	shell(t, path, text)
	reader, err := repo.OpenReader(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	status, err := reader.Status(t.Context())
	err = errors.Join(err, reader.Close())
	if err != nil || status.SchemaVersion != schema.Version || status.Check != "ok" {
		t.Errorf("status says %+v, %v", status, err)
	}
	if entries, err := os.ReadDir(filepath.Dir(path)); len(entries) != 1 || err != nil {
		t.Errorf("a reader has left %v, %v", entries, err)
	}
	if _, err := wanctl.Open(t.Context(), path); !errors.Is(err, wanctl.ErrNotWanctl) {
		t.Errorf("opened as wanctl's: %v", err)
	}
	recordsOn(t, path, want)
	isNumbered(t, path)
}

// Each beginning of a dump, loaded without its transaction: none is taken for a history, for damage
// or for an empty file, and what is there stays as it is.
func TestHalfADump(t *testing.T) {
	text, _ := dump(t)
	var beginning strings.Builder
	path := filepath.Join(t.TempDir(), "history.db")
	incomplete := 0
	for line := range strings.Lines(text) {
		begins := strings.HasPrefix(line, "CREATE ") || strings.HasPrefix(line, "INSERT INTO tiers")
		if begins && strings.Contains(beginning.String(), "CREATE") {
			incomplete++
			_ = os.Remove(path)
			shell(t, path, "PRAGMA synchronous = off; PRAGMA journal_mode = memory;"+beginning.String())
			refuses(t, path, repo.ErrIncomplete)
		}
		if !strings.HasPrefix(line, "BEGIN TRANSACTION") && !strings.HasPrefix(line, "COMMIT") {
			beginning.WriteString(line)
		}
	}
	if incomplete < 20 {
		t.Errorf("%d beginnings, want one a statement", incomplete)
	}
}

// refuses fails the test unless the file at path is refused with an error, and stays as it is.
func refuses(t *testing.T, path string, want error) {
	t.Helper()
	before := readFile(t, path)
	_, err := repo.OpenWriter(t.Context(), path, repo.SynchronousNormal)
	if !errors.Is(err, want) || repo.IsDamage(err) {
		t.Fatalf("writing: %v, want %v", err, want)
	}
	_, err = repo.OpenReader(t.Context(), path)
	if !errors.Is(err, want) || repo.IsDamage(err) {
		t.Fatalf("reading: %v, want %v", err, want)
	}
	if readFile(t, path) != before {
		t.Error("the file has changed")
	}
	if entries, err := os.ReadDir(filepath.Dir(path)); len(entries) != 1 || err != nil {
		t.Errorf("%v are beside it, %v", entries, err)
	}
}

func TestNewerVersionInTheTable(t *testing.T) {
	text, _ := dump(t)
	path := filepath.Join(t.TempDir(), "history.db")
	shell(t, path, fmt.Sprintf("%s\nUPDATE wanstore SET version = %d;", text, schema.Version+1))
	refuses(t, path, repo.ErrTooNew)
}

// Versions 1 and 2 did not have the table, and version 3 not those that came later: what says so is
// damaged, and nothing is rebuilt or upgraded.
func TestEarlierVersionInTheTable(t *testing.T) {
	for version := 1; version < schema.Version; version++ {
		path := record(t)
		want := ask(t, path)
		filetest.Exec(t, path,
			fmt.Sprintf("UPDATE wanstore SET version = %d", version))
		recordsOn(t, path, want)
		if got := filetest.Int(t, path, "SELECT version FROM wanstore"); got != schema.Version {
			t.Errorf("the table says %d", got)
		}
	}
}

// Somebody else's table of the same name is not ours.
func TestForeignTableOfOurName(t *testing.T) {
	for _, table := range []string{
		"CREATE TABLE wanstore (x)", "CREATE VIEW wanstore AS SELECT 1 AS id, 3 AS version",
	} {
		path := filepath.Join(t.TempDir(), "history.db")
		filetest.Exec(t, path, table)
		refuses(t, path, repo.ErrForeign)
	}
}

// A history that somebody has changed is refused for that, and stays as it is.
func TestChangedTables(t *testing.T) {
	path := record(t)
	filetest.Exec(t, path, "ALTER TABLE tiers RENAME COLUMN keep TO kept")
	_, err := repo.OpenWriter(t.Context(), path, repo.SynchronousNormal)
	if !errors.Is(err, repo.ErrForeign) || errors.Is(err, repo.ErrBusy) {
		t.Errorf("writing: %v, want %v and nothing else", err, repo.ErrForeign)
	}
	filetest.Exec(t, path, "ALTER TABLE tiers RENAME COLUMN kept TO keep")
	recordsOn(t, path, ask(t, path))
}

// Checkpoints of every kind by another program beside a writer and a reader, which go on, in
// whatever page size.
func TestCheckpointsOfAShell(t *testing.T) {
	for _, size := range []int{512, 4096} {
		path := record(t)
		shell(t, path, fmt.Sprintf("PRAGMA journal_mode = delete; PRAGMA page_size = %d; VACUUM;", size))
		w := open(t, path)
		r := openReader(t, path)
		for n, kind := range strings.Fields("passive full restart truncate passive truncate restart " +
			"full") {
			from := start + repo.Micros(2+n)*hour
			add(t, w, every(10*second, from, from+hour/2, newSeries("rtt"))...)
			shell(t, path,
				"PRAGMA wal_checkpoint("+kind+"); PRAGMA cache_size = 10; BEGIN; CREATE TABLE mine (x);"+
					"INSERT INTO mine SELECT randomblob(99) FROM generate_series(1, 2000);"+
					"UPDATE mine SET x = randomblob(50); COMMIT; DROP TABLE mine; "+
					"PRAGMA wal_checkpoint("+kind+");")
			add(t, w, every(10*second, from+hour/2, from+hour, newSeries("rtt"))...)
			if got, want := len(askReader(t, r).Samples), 7200+360*(n+1); got != want {
				t.Errorf("after %s: a reader sees %d samples, want %d", kind, got, want)
			}
			checkpoint(t, w)
			if _, err := w.Restart(t.Context()); err != nil {
				t.Error(err)
			}
		}
	}
}
