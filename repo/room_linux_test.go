package repo_test

import (
	"errors"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/repo"
)

// A disk that is really full, not only a limit.
func TestFullDisk(t *testing.T) {
	disk := t.TempDir()
	if err := syscall.Mount("tmpfs", disk, "tmpfs", 0, "size=300k"); err != nil {
		t.Skipf("no small disk to be had here, which takes root: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(disk, 0); err != nil {
			t.Error(err)
		}
	})
	path := filepath.Join(disk, "history.db")
	w, err := repo.OpenWriter(t.Context(), path, repo.SynchronousNormal)
	if err != nil {
		t.Fatal(err)
	}
	stored, err := fillUp(t, w)
	if !errors.Is(err, repo.ErrDiskFull) {
		t.Errorf("commit: got error %v, want %v", err, repo.ErrDiskFull)
	}
	if err := w.Checkpoint(t.Context()); !errors.Is(err, repo.ErrDiskFull) {
		t.Errorf("checkpoint: got error %v, want %v", err, repo.ErrDiskFull)
	}
	if err := syscall.Mount("tmpfs", disk, "tmpfs", syscall.MS_REMOUNT, "size=10m"); err != nil {
		t.Fatal(err)
	}
	add(t, w, every(1, start-1000, start, newSeries("later"))...)
	if got, want := filetest.Int(t, path, filetest.CountRawSamples), stored+1000; got < want {
		t.Errorf("%d samples in the file, want %d", got, want)
	}
	if err := errors.Join(w.Close(), filetest.Check(path)); err != nil {
		t.Error(err)
	}
}
