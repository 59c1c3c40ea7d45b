package access

import (
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/service"
)

// A history that nobody has open is read where nothing can be made beside it, whatever a reader
// has left there.
func TestReadOnly(t *testing.T) {
	for name, medium := range media() {
		t.Run(name, func(t *testing.T) {
			if !medium.begin(t) {
				return
			}
			directory := t.TempDir()
			record(t, filepath.Join(directory, "closed.db"))
			left := filepath.Join(directory, "left.db")
			record(t, left)
			if n := count(t, left); n != 1 {
				t.Errorf("%d samples, want 1", n)
			}
			must(t, os.WriteFile(left+"-wal", nil, 0o644))
			must(t, os.WriteFile(left+"-shm", make([]byte, 32<<10), 0o644))
			medium.protect(t, directory)
			for _, name := range []string{"closed.db", "left.db"} {
				path := filepath.Join(directory, name)
				readsAll(t, path, 1)
				serve(t, path)
				copied := filepath.Join(t.TempDir(), "copy.db")
				backUp(t, path, copied)
				readsAll(t, copied, 1)
			}
			_, err := os.Lstat(filepath.Join(directory, "closed.db-shm"))
			if !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("something was made beside the history: %v", err)
			}
		})
	}
}

// So it is where there is no room for what a reader makes beside it.
func TestReadOnAFullDisk(t *testing.T) {
	for name, limit := range map[string]string{"no blocks": "size=%dk", "no inodes": "nr_inodes=%d"} {
		t.Run(name, func(t *testing.T) {
			if !filetest.Alone(t, true) {
				return
			}
			directory := t.TempDir()
			must(t, syscall.Mount("tmpfs", directory, "tmpfs", 0, fmt.Sprintf(limit, 1000)))
			t.Cleanup(func() { must(t, syscall.Unmount(directory, syscall.MNT_DETACH)) })
			path := filepath.Join(directory, "history.db")
			record(t, path)
			for n, room := 0, true; room; n++ {
				file := filepath.Join(directory, strconv.Itoa(n))
				err := os.WriteFile(file, make([]byte, 4<<10), 0o600)
				if room = err == nil; !room && !errors.Is(err, syscall.ENOSPC) {
					t.Fatal(err)
				}
			}
			readsAll(t, path, 1)
			serve(t, path)
			copied := filepath.Join(t.TempDir(), "copy.db")
			backUp(t, path, copied)
			readsAll(t, copied, 1)
		})
	}
}

// What a process that was killed has left in the WAL is not left out silently.
func TestReadOnlyWithWAL(t *testing.T) {
	for name, medium := range media() {
		t.Run(name, func(t *testing.T) {
			if !medium.begin(t) {
				return
			}
			directory := t.TempDir()
			path := filepath.Join(directory, "history.db")
			record(t, path)
			w := open(t, path)
			write(t, w)
			for _, suffix := range []string{"", "-wal"} {
				content, err := os.ReadFile(path + suffix)
				must(t, err)
				must(t, os.WriteFile(filepath.Join(directory, "killed.db"+suffix), content, 0o644))
			}
			shut(t, w)
			medium.protect(t, directory)
			h, err := service.OpenHistory(t.Context(), filepath.Join(directory, "killed.db"))
			if !errors.Is(err, fs.ErrPermission) {
				t.Errorf("got error %v, want %v", err, fs.ErrPermission)
			}
			if err == nil {
				must(t, h.Close())
			}
		})
	}
}

// What is read-only here is written elsewhere. A view that is open then ends with ErrBusy, and the
// next one has what was written.
func TestReadOnlyIsWrittenMeanwhile(t *testing.T) {
	if !filetest.Alone(t, true) {
		return
	}
	writable, here := t.TempDir(), t.TempDir()
	mountReadOnly(t, writable, here)
	for _, name := range []string{"a.db", "b.db", "c.db"} {
		record(t, filepath.Join(writable, name))
		h, err := service.OpenHistory(t.Context(), filepath.Join(here, name))
		must(t, err)
		wantCount(t, h, 1)
		next, stop := iter.Pull2(h.Range(t.Context(), everything()))
		if _, err, _ := next(); err != nil {
			t.Fatal(err)
		}
		w := open(t, filepath.Join(writable, name))
		write(t, w)
		_, err, ok := next()
		for ok && err == nil {
			_, err, ok = next()
		}
		stop()
		if !errors.Is(err, service.ErrBusy) {
			t.Errorf("the view ends with %v, want %v", err, service.ErrBusy)
		}
		wantCount(t, h, 2)
		shut(t, w)
		wantCount(t, h, 2)
		must(t, h.Close())
	}
}

// So it is on a file system whose clock ticks every other second only (vfat).
func TestReadOnlyWithACoarseClock(t *testing.T) {
	if !filetest.Alone(t, true) {
		return
	}
	writable, here := t.TempDir(), t.TempDir()
	mountReadOnly(t, writable, here)
	path := filepath.Join(writable, "history.db")
	record(t, path)
	coarse(t, path)
	h, err := service.OpenHistory(t.Context(), filepath.Join(here, "history.db"))
	must(t, err)
	for n := 1; n < 3; n++ {
		wantCount(t, h, n)
		w := open(t, path)
		write(t, w)
		shut(t, w)
		coarse(t, path)
	}
	wantCount(t, h, 3)
	must(t, h.Close())
}

// coarse marks a file as changed at the moment that vfat would say.
func coarse(t *testing.T, path string) {
	t.Helper()
	info, err := os.Stat(path)
	must(t, err)
	const tick = 2 * time.Second
	must(t, os.Chtimes(path, time.Time{}, info.ModTime().Truncate(tick)))
}

// Elsewhere a writer is about to rebuild the index, which a reader cannot do here. It waits a
// moment, then says why, and sees all when that has been done.
func TestReadOnlyWithoutASoundIndex(t *testing.T) {
	if !filetest.Alone(t, true) {
		return
	}
	writable, here := t.TempDir(), t.TempDir()
	mountReadOnly(t, writable, here)
	w, err := service.OpenWriter(t.Context(),
		service.Config{DBPath: filepath.Join(writable, "history.db")},
		service.Options{Logger: slog.New(slog.DiscardHandler), NoMaintenance: true})
	must(t, err)
	defer shut(t, w)
	write(t, w)
	path := filepath.Join(here, "history.db")
	h, err := service.OpenHistory(t.Context(), path)
	must(t, err)
	wantCount(t, h, 1)
	index, err := os.OpenFile(filepath.Join(writable, "history.db-shm"), os.O_WRONLY, 0)
	must(t, err)
	const head = 96
	_, err = index.WriteAt(make([]byte, head), 0)
	must(t, errors.Join(err, index.Close()))
	if _, err := samplesOf(t, h); !errors.Is(err, service.ErrBusy) {
		t.Errorf("a reader that has it open is told %v, want %v", err, service.ErrBusy)
	}
	if _, err := service.OpenHistory(t.Context(), path); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("a new reader is told %v, want %v", err, fs.ErrPermission)
	}
	write(t, w)
	wantCount(t, h, 2)
	must(t, h.Close())
}

// A recorder comes and goes elsewhere all the time. Each answer is one of a moment, or an error.
func TestReadOnlyWhileRecordersComeAndGo(t *testing.T) {
	if !filetest.Alone(t, true) {
		return
	}
	writable, here := t.TempDir(), t.TempDir()
	record(t, filepath.Join(writable, "history.db"))
	mountReadOnly(t, writable, here)
	path := filepath.Join(here, "history.db")
	const rounds = 12
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range rounds {
			w := open(t, filepath.Join(writable, "history.db"))
			write(t, w)
			if _, err := w.Maintain(t.Context()); err != nil {
				t.Error(err)
			}
			shut(t, w)
		}
	}()
	least := 1
	for running := true; running; {
		select {
		case <-done:
			running = false
		default:
		}
		h, err := service.OpenHistory(t.Context(), path)
		for range 5 {
			if err != nil {
				break
			}
			var n int
			if n, err = samplesOf(t, h); err == nil && (n < least || n > rounds+1) {
				t.Fatalf("%d samples, want %d to %d", n, least, rounds+1)
			}
			least = max(least, n)
		}
		if err != nil && !errors.Is(err, service.ErrBusy) && !errors.Is(err, fs.ErrPermission) {
			t.Error(err)
		}
		if h != nil {
			must(t, h.Close())
		}
	}
	readsAll(t, path, rounds+1)
}

// medium is a way to keep a process from making files in a directory.
type medium struct {
	begin   func(*testing.T) bool // says that the test goes on in this process
	protect func(t *testing.T, directory string)
}

func media() map[string]medium {
	return map[string]medium{
		"mount": {
			begin: func(t *testing.T) bool {
				t.Helper()
				return filetest.Alone(t, true)
			},
			protect: func(t *testing.T, directory string) {
				t.Helper()
				mountReadOnly(t, directory, directory)
			},
		},
		"directory": {
			begin: func(t *testing.T) bool {
				t.Helper()
				if !filetest.Alone(t, false) {
					return false
				}
				if os.Geteuid() == 0 { // root may write everywhere
					must(t, syscall.Setuid(nobody))
				}
				return true
			},
			protect: func(t *testing.T, directory string) {
				t.Helper()
				must(t, os.Chmod(directory, 0o555))
				t.Cleanup(func() { must(t, os.Chmod(directory, 0o755)) })
			},
		},
	}
}

// nobody is a user who owns nothing.
const nobody = 65534

// mountReadOnly shows a directory in a second place, which may be its own, where it cannot be
// written to.
func mountReadOnly(t *testing.T, directory, at string) {
	t.Helper()
	must(t, syscall.Mount(directory, at, "", syscall.MS_BIND, ""))
	t.Cleanup(func() { must(t, syscall.Unmount(at, syscall.MNT_DETACH)) })
	must(t, syscall.Mount("", at, "", syscall.MS_BIND|syscall.MS_REMOUNT|syscall.MS_RDONLY, ""))
}

// write records one more sample.
func write(t *testing.T, w *service.Writer) {
	t.Helper()
	series, err := w.Series(service.RTT, "cable", nil)
	must(t, err)
	must(t, w.Write(t.Context(), service.Sample{Series: series, Time: time.Now(), Value: 1}))
}

func everything() service.Query {
	return service.Query{From: time.Unix(0, 0), Until: time.Now().Add(time.Hour)}
}

// samplesOf returns how many samples a history has.
func samplesOf(t *testing.T, h *service.History) (n int, err error) {
	t.Helper()
	for point, err := range h.Range(t.Context(), everything()) {
		if err != nil {
			return 0, err
		}
		n += int(point.Count)
	}
	return n, nil
}

func wantCount(t *testing.T, h *service.History, want int) {
	t.Helper()
	if n, err := samplesOf(t, h); err != nil || n != want {
		t.Errorf("%d samples and error %v, want %d", n, err, want)
	}
}

// readsAll reads a history, and looks at its status.
func readsAll(t *testing.T, path string, want int) {
	t.Helper()
	h, err := service.OpenHistory(t.Context(), path)
	must(t, err)
	wantCount(t, h, want)
	status, err := h.Status(t.Context())
	if err != nil || status.Check != "ok" {
		t.Errorf("the status says %q and error %v", status.Check, err)
	}
	must(t, h.Close())
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
