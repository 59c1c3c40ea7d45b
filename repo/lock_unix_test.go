//go:build unix

package repo_test

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wanstore/wanstore/repo"
)

// A process that opens a history waits for another one that is opening it, however long that takes:
// it may be moving the file aside, or rebuilding it.
func TestOpeningWaitsForAnother(t *testing.T) {
	path := filepath.Join(t.TempDir(), "history.db")
	must(t, aHistory(path))
	lock, err := os.OpenFile(path+".lock", os.O_RDWR, 0)
	must(t, err)
	defer lock.Close()
	must(t, syscall.Flock(int(lock.Fd()), syscall.LOCK_EX))
	synctest.Test(t, func(t *testing.T) {
		opened := make(chan error, 1)
		go func() {
			w, err := repo.OpenWriter(t.Context(), path, repo.SynchronousNormal)
			if err == nil {
				err = w.Close()
			}
			opened <- err
		}()
		time.Sleep(time.Hour)
		select {
		case err := <-opened:
			t.Fatalf("it has not waited: %v", err)
		default:
		}
		must(t, syscall.Flock(int(lock.Fd()), syscall.LOCK_UN))
		must(t, <-opened)
	})
}
