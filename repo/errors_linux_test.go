package repo_test

import (
	"errors"
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
		"damaged while somebody writes it": func(t *testing.T, path string) {
			t.Helper()
			w, err := repo.OpenWriter(t.Context(), path, repo.SynchronousNormal)
			must(t, err)
			t.Cleanup(func() { _ = w.Close() }) // which may meet the damage
			add(t, w, every(1, start, start+1000, newSeries("rtt"))...)
			must(t, w.Checkpoint(t.Context()))
			file, err := os.OpenFile(path, os.O_RDWR, 0)
			must(t, err)
			info, err := file.Stat()
			must(t, err)
			_, err = file.WriteAt(make([]byte, info.Size()-512), 512)
			must(t, errors.Join(err, file.Close()))
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
	things := []string{path, "open ", "write lock", "is locked", "no such file", "schema version",
		"be moved aside"}
	text := strings.ReplaceAll(err.Error(), "has it open for writing", "") // is no operation
	for _, thing := range things {
		if n := strings.Count(text, thing); n > 1 {
			t.Errorf("%q is said %d times: %v", thing, n, err)
		}
	}
}
