package repo_test

import (
	"os"
	"testing"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/repo"
)

// A file of the first schema version, from before there were checksums and lock files, is brought up to date, and is no damage.
func TestFirstVersion(t *testing.T) {
	path := filetest.Path(t)
	first, err := os.ReadFile("../schema/0001_history.sql")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	filetest.Exec(t, path, "PRAGMA page_size = 512; PRAGMA auto_vacuum = incremental; PRAGMA journal_mode = wal; BEGIN; "+
		string(first)+"; PRAGMA application_id = 0x57414e53; PRAGMA user_version = 1; COMMIT")
	w := open(t, path)
	series := newSeries("rtt")
	add(t, w, repo.Sample{Series: series, TS: start})
	if found := w.Findings(); found.Quarantine != nil {
		t.Errorf("it was taken for damaged: %v", found.Quarantine.Cause)
	}
	for pragma, want := range map[string]int64{"user_version": 2, "freelist_count": 0} {
		if got := filetest.Int(t, path, "PRAGMA "+pragma); got != want {
			t.Errorf("%s is %d, want %d", pragma, got, want)
		}
	}
}
