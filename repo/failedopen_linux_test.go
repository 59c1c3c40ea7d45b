package repo_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/repo"
	"github.com/wanstore/wanstore/repo/wanctl"
)

// maker makes something at a path.
type maker func(path string) error

// refusedFiles are of every kind that cannot be opened, by what is wrong with it.
func refusedFiles() map[string]maker {
	return map[string]maker{
		"a directory":      func(path string) error { return os.Mkdir(path, 0o700) },
		"a pipe":           func(path string) error { return syscall.Mkfifo(path, 0o600) },
		"a link to itself": func(path string) error { return os.Symlink(path, path) },
		"noise":            containing(strings.Repeat("noise", 1000)),
		"empty beside a WAL": func(path string) error {
			return errors.Join(containing("")(path), containing("frames")(path+"-wal"))
		},
		"a history beside a pipe": func(path string) error {
			return errors.Join(aHistory(path), syscall.Mkfifo(path+"-wal", 0o600))
		},
		"a link as its lock file": func(path string) error {
			return errors.Join(containing("")(path), os.Symlink(path, path+".lock"))
		},
		"of another program": running("CREATE TABLE other (x)"),
		"of wanctl":          running("CREATE TABLE metrics (id)"),
		"emptied":            running("CREATE TABLE x (x); DROP TABLE x"),
		"cut off, but not ours": func(path string) error {
			made := running("CREATE TABLE x (x); INSERT INTO x VALUES (randomblob(10000))")
			return errors.Join(made(path), os.Truncate(path, 5000))
		},
		"too new":             changed("UPDATE wanstore SET version = 9; PRAGMA user_version = 9"),
		"a table is missing":  changed("DROP TABLE imports"),
		"a table is another":  changed("DROP TABLE imports; CREATE TABLE imports (x)"),
		"a column is missing": changed("ALTER TABLE tiers RENAME COLUMN keep TO kept"),
		"a table is a view":   changed("DROP TABLE tiers; CREATE VIEW tiers AS SELECT 1"),
		"may be a copy under way": func(path string) error {
			return errors.Join(aHistory(path), os.Truncate(path, 2000), os.Remove(path+".lock"))
		},
	}
}

func containing(text string) maker {
	return func(path string) error { return os.WriteFile(path, []byte(text), 0o600) }
}

func running(statements string) maker {
	return func(path string) error { return filetest.Run(path, statements) }
}

func changed(statements string) maker {
	return func(path string) error {
		return errors.Join(aHistory(path), filetest.Run(path, statements))
	}
}

// openers open the file at a path, and fail.
func openers() map[string]func(context.Context, string) error {
	return map[string]func(context.Context, string) error{
		"writer": func(ctx context.Context, path string) error {
			_, err := repo.OpenWriter(ctx, path, repo.SynchronousNormal)
			return err
		},
		"reader": func(ctx context.Context, path string) error {
			_, err := repo.OpenReader(ctx, path)
			return err
		},
		"wanctl": func(ctx context.Context, path string) error {
			_, err := wanctl.Open(ctx, path)
			return err
		},
	}
}

// A failed opening leaves nothing open, whatever it has failed for.
func TestFailedOpeningLeavesNothingOpen(t *testing.T) {
	for name, prepare := range refusedFiles() {
		t.Run(name, func(t *testing.T) {
			for opener, open := range openers() {
				path := filepath.Join(t.TempDir(), "history.db")
				must(t, prepare(path))
				before := descriptors(t)
				for range 20 {
					if err := open(t.Context(), path); err == nil {
						t.Fatalf("%s: it opens", opener)
					}
				}
				if after := descriptors(t); after > before {
					t.Errorf("%s: %d descriptors were open, and now %d", opener, before, after)
				}
			}
		})
	}
}

func descriptors(t *testing.T) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	must(t, err)
	return len(entries)
}
