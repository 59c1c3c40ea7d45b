package repo_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/repo"
)

// leaveDescriptors uses up all descriptors but so many, until release is called.
func leaveDescriptors(t *testing.T, n int) (release func()) {
	t.Helper()
	var before syscall.Rlimit
	must(t, syscall.Getrlimit(syscall.RLIMIT_NOFILE, &before))
	must(t, syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: 100, Max: before.Max}))
	var used []int
	for {
		fd, err := syscall.Open(os.DevNull, syscall.O_RDONLY|syscall.O_CLOEXEC, 0)
		if err != nil {
			break
		}
		used = append(used, fd)
	}
	for range n {
		must(t, syscall.Close(used[0]))
		used = used[1:]
	}
	return func() {
		t.Helper()
		for _, fd := range used {
			must(t, syscall.Close(fd))
		}
		must(t, syscall.Setrlimit(syscall.RLIMIT_NOFILE, &before))
	}
}

// Where a process has no descriptors left, that is what opening a file says: the file is neither
// damaged, nor somebody else's, nor forbidden, and stays where it is.
func TestTooFewDescriptors(t *testing.T) {
	const enough = 12
	for name, prepare := range map[string]func(t *testing.T, path string) error{
		"new":                   func(*testing.T, string) error { return nil },
		"closed":                func(_ *testing.T, path string) error { return aHistory(path) },
		"killed":                killed,
		"of an earlier version": oldHistory,
		"cut off": func(_ *testing.T, path string) error {
			return errors.Join(aHistory(path), os.Truncate(path, 4096))
		},
	} {
		t.Run(name, func(t *testing.T) {
			for n := range enough {
				path := filepath.Join(t.TempDir(), "history.db")
				must(t, prepare(t, path))
				r, readable := repo.OpenReader(t.Context(), path)
				if readable == nil {
					must(t, r.Close())
				}
				release := leaveDescriptors(t, n)
				r, readErr := repo.OpenReader(t.Context(), path)
				if readErr == nil {
					must(t, r.Close())
				}
				w, writeErr := repo.OpenWriter(t.Context(), path, repo.SynchronousNormal)
				if writeErr == nil {
					must(t, w.Close())
				}
				release()
				isTooFew(t, n, readErr, readable)
				isTooFew(t, n, writeErr, nil)
				moved, err := repo.Quarantined(path)
				must(t, err)
				if len(moved) > 0 && !errors.Is(readable, repo.ErrDamaged) {
					t.Errorf("%d descriptors: moved aside are %v", n, moved)
				}
				w, err = repo.OpenWriter(t.Context(), path, repo.SynchronousNormal)
				must(t, err)
				must(t, w.Close())
				if n == enough-1 && writeErr != nil {
					t.Errorf("%d descriptors do not suffice: %v", n, writeErr)
				}
			}
		})
	}
}

// isTooFew wants no error, one of too few descriptors, or the one that there is with enough of
// them.
func isTooFew(t *testing.T, n int, err, otherwise error) {
	t.Helper()
	if err == nil || otherwise != nil && err.Error() == otherwise.Error() {
		return
	}
	for _, wrong := range []error{repo.ErrDamaged, repo.ErrForeign, fs.ErrPermission} {
		if errors.Is(err, wrong) {
			t.Errorf("%d descriptors: %v, which is not %v", n, err, wrong)
		}
	}
	if !errors.Is(err, syscall.EMFILE) {
		t.Errorf("%d descriptors: %v, want %v", n, err, syscall.EMFILE)
	}
}

// killed leaves a history at path as a killed program does.
func killed(t *testing.T, path string) error {
	t.Helper()
	from := filepath.Join(t.TempDir(), "history.db")
	add(t, open(t, from), repo.Sample{Series: newSeries("rtt"), TS: start, Value: 1})
	return filetest.CopyOpen(from, path)
}

func oldHistory(t *testing.T, path string) error {
	t.Helper()
	statements, _ := filetest.OldHistory(3)
	filetest.Old{Version: 2, Sums: true}.Make(t, path, statements)
	return nil
}
