package repo_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/repo"
)

// smallDisk mounts a disk with the given options until the test ends.
func smallDisk(t *testing.T, options string) (path string) {
	t.Helper()
	disk := t.TempDir()
	if err := syscall.Mount("tmpfs", disk, "tmpfs", 0, options); err != nil {
		t.Skipf("no small disk to be had here, which takes root: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(disk, 0); err != nil {
			t.Error(err)
		}
	})
	return disk
}

// A disk that is really full, not only a limit.
func TestFullDisk(t *testing.T) {
	disk := smallDisk(t, "size=300k")
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

// A disk that can have no more files is full, too, whichever file it is that cannot be made.
func TestNoMoreFiles(t *testing.T) {
	// The directory, the history, its lock file, WAL and index, and a journal or a backup.
	const all = 7
	for files := 1; files < all; files++ {
		isFull(t, files, useDisk(t, smallDisk(t, fmt.Sprintf("size=4m,nr_inodes=%d", files))))
	}
	disk := smallDisk(t, fmt.Sprintf("size=4m,nr_inodes=%d", all))
	must(t, useDisk(t, disk))
	must(t, os.Remove(filepath.Join(disk, "backup.db")))
	const there = 4 // the directory, the history, its lock file and what a failed opening leaves
	for files := range all - there {
		must(t, os.WriteFile(filepath.Join(disk, fmt.Sprint("other", files)), nil, 0o600))
		isFull(t, all-1-files, useDisk(t, disk))
	}
}

// useDisk makes all files that there are of a history.
func useDisk(t *testing.T, disk string) error {
	t.Helper()
	path := filepath.Join(disk, "history.db")
	w, err := repo.OpenWriter(t.Context(), path, repo.SynchronousNormal)
	if err != nil {
		return err
	}
	r, err := repo.OpenReader(t.Context(), path)
	if err == nil {
		_, err = r.Backup(t.Context(), filepath.Join(disk, "backup.db"))
		err = errors.Join(err, r.Close())
	}
	return errors.Join(err, w.Close())
}

func isFull(t *testing.T, files int, err error) {
	t.Helper()
	if !errors.Is(err, repo.ErrDiskFull) || repo.IsDamage(err) {
		t.Errorf("room for %d files: %v, want %v", files, err, repo.ErrDiskFull)
	}
}
