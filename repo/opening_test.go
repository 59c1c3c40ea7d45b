package repo_test

import (
	"context"
	"errors"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/repo"
	"github.com/wanstore/wanstore/schema"
)

func TestOpenANewFileAtOnce(t *testing.T) {
	for range 2 {
		path := filetest.Path(t)
		begin := make(chan struct{})
		var group sync.WaitGroup
		for range 8 {
			group.Go(func() {
				<-begin
				w, err := repo.OpenWriter(t.Context(), path, repo.SynchronousNormal)
				if err != nil {
					t.Error(err)
					return
				}
				if err := w.Close(); err != nil {
					t.Error(err)
				}
			})
		}
		// A reader meanwhile finds no file, an empty one or a history, and never a stranger's.
		group.Go(func() {
			<-begin
			for range 20 {
				r, err := repo.OpenReader(t.Context(), path)
				if err == nil {
					err = r.Close()
				}
				if err != nil && !errors.Is(err, repo.ErrMissing) && !errors.Is(err, repo.ErrEmpty) {
					t.Error(err)
				}
			}
		})
		close(begin)
		group.Wait()
		if n := filetest.Int(t, path, "SELECT count(*) FROM tiers"); n != 4 {
			t.Errorf("%d tiers, want 4", n)
		}
		checkPragmas(t, path)
	}
}

// checkPragmas looks at what a connection of its own finds in the file.
func checkPragmas(t *testing.T, path string) {
	t.Helper()
	for pragma, want := range map[string]any{
		"application_id": int64(0x57414e53),
		"auto_vacuum":    int64(2),
		"encoding":       "UTF-8",
		"journal_mode":   "wal",
		"page_size":      int64(512),
		"user_version":   int64(schema.Version),
	} {
		if diff := cmp.Diff([][]any{{want}}, filetest.Query(t, path, "PRAGMA "+pragma)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", pragma, diff)
		}
	}
}

func TestOpenThePathThatIsNamed(t *testing.T) {
	for _, name := range []string{
		"plain.db", "a b.db", "a?mode=ro.db", "a#b.db", "100%.db", "a%20b.db", "a%2Fb.db", "a+b&c=d;e.db",
		"file:x.db",
		"überwachung-日本.db", "'quoted' \"twice\".db", "-dash.db", ":memory:", "back\\slash.db",
	} {
		t.Run(name, func(t *testing.T) {
			folder := filepath.Join(t.TempDir(), "new", "folder "+name)
			path := filepath.Join(folder, name)
			w := open(t, path)
			add(t, w, repo.Sample{Series: newSeries("measured"), TS: start})
			if w.Path() != path {
				t.Errorf("the path is %q, want %q", w.Path(), path)
			}
			if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
				t.Errorf("stat: %v, %v", info, err)
			}
			entries, err := os.ReadDir(folder)
			if err != nil {
				t.Fatal(err)
			}
			for _, entry := range entries {
				if !slices.Contains([]string{name, name + "-wal", name + "-shm", name + ".lock"},
					entry.Name()) {
					t.Errorf("there is a file %q, too", entry.Name())
				}
			}
			r, err := repo.OpenReader(t.Context(), path)
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			snapshot, err := r.Snapshot(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer snapshot.Close()
			if len(snapshot.Series) != 1 {
				t.Errorf("%d series, want the one that was recorded", len(snapshot.Series))
			}
		})
	}
}

func TestOpenARelativePath(t *testing.T) {
	t.Chdir(t.TempDir())
	w := open(t, "folder/history.db")
	add(t, w, repo.Sample{Series: newSeries("measured"), TS: start})
	if _, err := os.Stat("folder/history.db"); err != nil || !filepath.IsAbs(w.Path()) {
		t.Errorf("path %q: %v", w.Path(), err)
	}
}

func TestWhatIsRefusedStaysAsItIs(t *testing.T) {
	for name, c := range map[string]struct {
		make func(t *testing.T, path string)
		want error
	}{
		"no database": {func(t *testing.T, path string) {
			t.Helper()
			text := strings.Repeat("not a database\n", 100)
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}, repo.ErrNotDatabase},
		"another program's": {func(t *testing.T, path string) {
			t.Helper()
			filetest.Exec(t, path, "CREATE TABLE other (x)")
		}, repo.ErrForeign},
		"wanctl's": {func(t *testing.T, path string) {
			t.Helper()
			filetest.Exec(t, path, "CREATE TABLE metrics (x)")
		}, repo.ErrForeign},
		"another program's that it has emptied": {func(t *testing.T, path string) {
			t.Helper()
			filetest.Exec(t, path, "CREATE TABLE other (x); DROP TABLE other")
		}, repo.ErrForeign},
		"a newer version's": {func(t *testing.T, path string) {
			t.Helper()
			filetest.Exec(t, path,
				"PRAGMA application_id = 0x57414e53; PRAGMA user_version = 999; CREATE TABLE new (x)")
		}, repo.ErrTooNew},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "history.db")
			c.make(t, path)
			before := readFile(t, path)
			w, err := repo.OpenWriter(t.Context(), path, repo.SynchronousNormal)
			if !errors.Is(err, c.want) {
				if err == nil {
					err = w.Close()
				}
				t.Errorf("writing: %v, want %v", err, c.want)
			}
			if r, err := repo.OpenReader(t.Context(), path); !errors.Is(err, c.want) {
				if err == nil {
					err = r.Close()
				}
				t.Errorf("reading: %v, want %v", err, c.want)
			}
			if readFile(t, path) != before {
				t.Error("the file has changed")
			}
			if entries, err := os.ReadDir(filepath.Dir(path)); len(entries) != 1 || err != nil {
				t.Errorf("%v are beside it, %v", entries, err)
			}
		})
	}
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestAFailedAppendTeachesNothing(t *testing.T) {
	for name, fail := range map[string]func(t *testing.T, w *repo.Writer, batch repo.Batch) error{
		"cancelled before": func(t *testing.T, w *repo.Writer, batch repo.Batch) error {
			t.Helper()
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			err := w.Append(ctx, batch, make([]repo.Outcome, len(batch.Samples)))
			if !errors.Is(err, context.Canceled) {
				t.Errorf("%v, want that the context was cancelled", err)
			}
			return err
		},
		"cancelled while another process writes": func(
			t *testing.T, w *repo.Writer, batch repo.Batch,
		) error {
			t.Helper()
			defer filetest.Lock(t, w.Path())()
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
			defer cancel()
			err := w.Append(ctx, batch, make([]repo.Outcome, len(batch.Samples)))
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%v, want that the time is over", err)
			}
			return err
		},
		"failed on the second sample": func(t *testing.T, w *repo.Writer, batch repo.Batch) error {
			t.Helper()
			filetest.Exec(t, w.Path(), `CREATE TRIGGER fails BEFORE INSERT ON series
				WHEN NEW.metric_name = 'second' BEGIN SELECT raise(ABORT, 'no room'); END`)
			defer filetest.Exec(t, w.Path(), `DROP TRIGGER fails`)
			return w.Append(t.Context(), batch, make([]repo.Outcome, len(batch.Samples)))
		},
	} {
		t.Run(name, func(t *testing.T) {
			path := filetest.Path(t)
			w := open(t, path)
			batch := repo.Batch{Latest: math.MaxInt64, Samples: []repo.Sample{
				{Series: newSeries("first"), TS: start, Value: 1},
				{Series: newSeries("second"), TS: start, Value: 2},
			}}
			before := filetest.Dump(t, path)
			if fail(t, w, batch) == nil {
				t.Fatal("the batch went through")
			}
			if diff := cmp.Diff(before, filetest.Dump(t, path)); diff != "" {
				t.Errorf("the failed batch left something (-before +after):\n%s", diff)
			}
			// The ids that the failed batch would have had go to somebody else.
			add(t, open(t, path), repo.Sample{Series: newSeries("other"), TS: start, Value: 3})
			add(t, w, batch.Samples...)
			want := [][]any{{"other", 3.0}, {"first", 1.0}, {"second", 2.0}}
			got := filetest.Query(t, path, "SELECT metric_name, value FROM series JOIN "+filetest.RawSamples+
				" ON series_id = id ORDER BY id")
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("samples (-want +got):\n%s", diff)
			}
		})
	}
}

// A file that has gone while a reader had it open, and has left its WAL, is none that somebody has
// written to.
func TestConnectToAFileThatHasGone(t *testing.T) {
	w, r := someHistory(t, 100)
	view, err := r.Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	away := w.Path() + ".away"
	if err := os.Rename(w.Path(), away); err != nil {
		t.Fatal(err)
	}
	_, err = r.Snapshot(t.Context()) // by another connection
	if !errors.Is(err, fs.ErrNotExist) || errors.Is(err, repo.ErrBusy) {
		t.Errorf("got %v, want %v", err, fs.ErrNotExist)
	}
	if err := errors.Join(os.Rename(away, w.Path()), view.Close()); err != nil {
		t.Fatal(err)
	}
}
