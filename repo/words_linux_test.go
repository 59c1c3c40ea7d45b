package repo_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/repo"
)

// An error says once where it was, and once what was wrong.
func TestErrorsSayThingsOnce(t *testing.T) {
	t.Parallel()
	for name, prepare := range map[string]func(t *testing.T, path string){
		"missing": func(*testing.T, string) {},
		"not in a directory": func(t *testing.T, path string) {
			t.Helper()
			must(t, os.Remove(filepath.Dir(path)))
			must(t, os.WriteFile(filepath.Dir(path), nil, 0o600))
		},
		"an earlier version that is read": func(t *testing.T, path string) {
			t.Helper()
			must(t, oldHistory(t, path))
			t.Cleanup(filetest.Hold(t, path))
		},
		"an earlier version that is written": func(t *testing.T, path string) {
			t.Helper()
			must(t, oldHistory(t, path))
			t.Cleanup(filetest.Lock(t, path))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "directory", "history.db")
			must(t, os.Mkdir(filepath.Dir(path), 0o700))
			prepare(t, path)
			_, readErr := repo.OpenReader(t.Context(), path)
			saysOnce(t, readErr, path)
			if name != "missing" {
				_, writeErr := repo.OpenWriter(t.Context(), path, repo.SynchronousNormal)
				saysOnce(t, writeErr, path)
			}
		})
	}
}

func saysOnce(t *testing.T, err error, path string) {
	t.Helper()
	if err == nil {
		t.Error("it opens")
		return
	}
	things := []string{path, "open ", "write lock", "is locked", "no such file", "schema version"}
	for _, thing := range things {
		if n := strings.Count(err.Error(), thing); n > 1 {
			t.Errorf("%q is said %d times: %v", thing, n, err)
		}
	}
}
