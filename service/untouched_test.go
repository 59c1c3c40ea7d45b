package service_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/service"
)

// listing returns the names in a directory.
func listing(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	must(t, err)
	var list []string
	for _, entry := range entries {
		list = append(list, entry.Name())
	}
	return list
}

// A writer that refuses a file leaves it as it is, and nothing beside it: a -wal or -shm of another
// user would lock out those whose file it is.
func TestRefusedFileIsLeftAlone(t *testing.T) {
	for name, test := range map[string]struct {
		make   func(t *testing.T, path string)
		reason error
	}{
		"short text": {func(t *testing.T, path string) {
			t.Helper()
			must(t, os.WriteFile(path, []byte("x"), 0o600))
		}, service.ErrNotDatabase},
		"marked by another program": {func(t *testing.T, path string) {
			t.Helper()
			filetest.Exec(t, path, "PRAGMA application_id = 4711")
		}, service.ErrForeign},
		"wanctl's, in WAL mode": {func(t *testing.T, path string) {
			t.Helper()
			filetest.Exec(t, path,
				"PRAGMA journal_mode = WAL; CREATE TABLE metrics (id INTEGER PRIMARY KEY, timestamp INTEGER, "+
					"value REAL)")
		}, service.ErrForeign},
		"newer": {func(t *testing.T, path string) {
			t.Helper()
			shut(t, open(t, service.Config{DBPath: path}, quiet()))
			filetest.Exec(t, path, "PRAGMA user_version = 99; UPDATE wanstore SET version = 99")
		}, service.ErrTooNew},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "history.db")
			test.make(t, path)
			before, err := os.ReadFile(path)
			must(t, err)
			beside := listing(t, filepath.Dir(path))

			_, err = service.OpenWriter(t.Context(), service.Config{DBPath: path}, quiet())
			want(t, err, test.reason)
			if err == nil || !strings.Contains(err.Error(), path) {
				t.Errorf("error %v does not name the file", err)
			}
			after, err := os.ReadFile(path)
			must(t, err)
			if !bytes.Equal(before, after) {
				t.Error("the file has changed")
			}
			if diff := cmp.Diff(beside, listing(t, filepath.Dir(path))); diff != "" {
				t.Errorf("files (-before +after):\n%s", diff)
			}
		})
	}
}
