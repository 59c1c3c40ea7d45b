package service_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/service"
)

// What is no history, or not for this program, is refused by its own error and stays as it is, to
// the byte.
func TestRefusedFilesStayAsTheyAre(t *testing.T) {
	for _, c := range []struct {
		name   string
		make   func(t *testing.T, path string)
		reason error
		says   string
	}{
		{"text", func(t *testing.T, path string) {
			t.Helper()
			must(t, os.WriteFile(path, bytes.Repeat([]byte("text\n"), 300), 0o600))
		},
			service.ErrNotDatabase, ""},
		{"wanctl's database", func(t *testing.T, path string) {
			t.Helper()
			filetest.Exec(t, path,
				"CREATE TABLE metrics (id INTEGER PRIMARY KEY, timestamp INTEGER, value REAL)")
		}, service.ErrForeign, "wanstore import"},
		{"somebody's database", func(t *testing.T, path string) {
			t.Helper()
			filetest.Exec(t, path, "CREATE TABLE birds (name TEXT)")
		}, service.ErrForeign, "application_id"},
		{"a newer history", func(t *testing.T, path string) {
			t.Helper()
			filetest.Exec(t, path,
				"PRAGMA application_id = 0x57414e53; PRAGMA user_version = 99; CREATE TABLE series (id "+
					"INTEGER)")
		}, service.ErrTooNew, "99"},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "file")
			c.make(t, path)
			before, err := os.ReadFile(path)
			must(t, err)
			_, err = service.OpenWriter(t.Context(), service.Config{DBPath: path}, quiet())
			want(t, err, c.reason)
			if err != nil && !strings.Contains(err.Error(), c.says) {
				t.Errorf("error %v does not say %s", err, c.says)
			}
			_, err = service.OpenHistory(t.Context(), path)
			want(t, err, c.reason)
			after, err := os.ReadFile(path)
			must(t, err)
			if !bytes.Equal(before, after) {
				t.Error("the file has changed")
			}
		})
	}
}

func TestOpenNothing(t *testing.T) {
	folder := t.TempDir()
	missing := filepath.Join(folder, "missing", "file.db")
	_, err := service.OpenHistory(t.Context(), missing)
	want(t, err, service.ErrMissing)
	if _, err := os.Stat(filepath.Dir(missing)); err == nil {
		t.Error("opening a missing file for reading has made its directory")
	}
	_, err = service.OpenHistory(t.Context(), folder)
	want(t, err, service.ErrDirectory)
	_, err = service.OpenWriter(t.Context(), service.Config{DBPath: folder}, quiet())
	want(t, err, service.ErrDirectory)
}

// An empty file has no history yet; a writer makes it one.
func TestOpenAnEmptyFile(t *testing.T) {
	path := filetest.Path(t)
	must(t, os.WriteFile(path, nil, 0o600))
	_, err := service.OpenHistory(t.Context(), path)
	want(t, err, service.ErrEmpty)
	open(t, service.Config{DBPath: path}, quiet())
	history(t, path)
}

// A file that knows a metric otherwise than declared is refused when it is opened.
func TestOpenWithAnotherDeclaration(t *testing.T) {
	path := filetest.Path(t)
	w := open(t, service.Config{DBPath: path}, modem(service.Mode))
	write(t, w, run(series(t, w, "modem_online", "cable", nil), 1, time.Now(), 1)...)
	shut(t, w)
	_, err := service.OpenWriter(t.Context(), service.Config{DBPath: path}, modem(service.Average))
	want(t, err, service.ErrAggregation)
}
