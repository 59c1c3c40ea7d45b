package repo_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/repo"
)

// While another program writes, the file stays as it is.
func TestRebuildOfAFileInUse(t *testing.T) {
	path, before := oldFile(t, filetest.Old{Version: 2, Sums: true})
	release := shareLock(t, path)
	_, err := repo.OpenWriter(t.Context(), path, repo.SynchronousNormal)
	if !errors.Is(err, repo.ErrBusy) || !strings.Contains(err.Error(), "end the other program first") {
		t.Errorf("got error %v, want %v", err, repo.ErrBusy)
	}
	if got := filetest.Int(t, path, "PRAGMA user_version"); got != 2 {
		t.Errorf("the version is %d", got)
	}
	release()
	closed(t, path)
	checkRebuilt(t, path, before)
}

// shareLock holds the lock of the history as a writer in another process does.
func shareLock(t *testing.T, path string) (release func()) {
	t.Helper()
	file, err := os.Create(path + ".lock")
	if err == nil {
		err = syscall.Flock(int(file.Fd()), syscall.LOCK_SH)
	}
	if err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := file.Close(); err != nil {
			t.Error(err)
		}
	}
}

// Where there is no room nothing is begun, and the error says how much is missing.
func TestRebuildWithoutRoom(t *testing.T) {
	disk := t.TempDir()
	if err := syscall.Mount("tmpfs", disk, "tmpfs", 0, "size=3m"); err != nil {
		t.Skipf("no small disk to be had here, which takes root: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(disk, 0); err != nil {
			t.Error(err)
		}
	})
	path := filepath.Join(disk, "history.db")
	statements, _ := filetest.OldHistory(oldMoments)
	filetest.Old{Version: 2, Sums: true}.Make(t, path, statements)
	before := filetest.DumpOld(t, path)
	_, err := repo.OpenWriter(t.Context(), path, repo.SynchronousNormal)
	if !errors.Is(err, repo.ErrDiskFull) || !strings.Contains(err.Error(), "are missing") {
		t.Errorf("got error %v, want %v", err, repo.ErrDiskFull)
	}
	if got := filetest.Int(t, path, "PRAGMA user_version"); got != 2 {
		t.Errorf("the version is %d", got)
	}
	if err := syscall.Mount("tmpfs", disk, "tmpfs", syscall.MS_REMOUNT, "size=64m"); err != nil {
		t.Fatal(err)
	}
	closed(t, path)
	checkRebuilt(t, path, before)
}
