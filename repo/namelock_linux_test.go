package repo_test

import (
	"errors"
	"os"
	"syscall"
	"testing"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/repo"
)

// Where writers lock, as docs/FORMAT.md says.
const (
	gateByte      = 0x50000000
	firstNameByte = gateByte + 1
	nameBytes     = 1 << 24
)

// What other programs lock for reasons of their own keeps nobody from writing and reading, and a
// gate that somebody keeps lets no second name in.
func TestLocksOfOthers(t *testing.T) {
	for name, lock := range map[string]syscall.Flock_t{
		"the whole file, shared": {Type: syscall.F_RDLCK},
		"all names":              {Type: syscall.F_WRLCK, Start: firstNameByte, Len: nameBytes},
		"the gate":               {Type: syscall.F_WRLCK, Start: gateByte, Len: 1},
	} {
		t.Run(name, func(t *testing.T) {
			path := filetest.Path(t)
			closeWriter(t, openAt(t, path))
			lockFor(t, path, lock)
			w := openAt(t, path)
			r, err := repo.OpenReader(t.Context(), path)
			if err != nil {
				t.Fatal(err)
			}
			if err := r.Close(); err != nil {
				t.Error(err)
			}
			if name == "the gate" {
				refusesLink(t, path)
			}
			closeWriter(t, w)
		})
	}
}

func openAt(t *testing.T, path string) *repo.Writer {
	t.Helper()
	w, err := repo.OpenWriter(t.Context(), path, repo.SynchronousNormal)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func closeWriter(t *testing.T, w *repo.Writer) {
	t.Helper()
	if err := w.Close(); err != nil {
		t.Error(err)
	}
}

// lockFor locks a part of a file, as another program does, until the test ends.
func lockFor(t *testing.T, path string, lock syscall.Flock_t) {
	t.Helper()
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := file.Close(); err != nil {
			t.Error(err)
		}
	})
	const setOpenFileLock = 37 // F_OFD_SETLK
	if err := syscall.FcntlFlock(file.Fd(), setOpenFileLock, &lock); err != nil {
		t.Fatal(err)
	}
}

func refusesLink(t *testing.T, path string) {
	t.Helper()
	link := path + ".link"
	if err := os.Link(path, link); err != nil {
		t.Fatal(err)
	}
	w, err := repo.OpenWriter(t.Context(), link, repo.SynchronousNormal)
	if !errors.Is(err, repo.ErrOtherName) {
		t.Errorf("got error %v, want %v", err, repo.ErrOtherName)
	}
	if err == nil {
		closeWriter(t, w)
	}
}
