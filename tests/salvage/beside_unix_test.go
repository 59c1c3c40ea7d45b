//go:build unix

package salvage

import (
	"bytes"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/wanstore/wanstore/service"
)

// What somebody has put beside a history under the name of a damaged file, or into the folder for
// what is intact, stays as it is, and keeps no damaged file waiting. That one is removed, with what
// belongs to it, when it was salvaged longer ago than the retention.
func TestBesideOthers(t *testing.T) {
	p := newPair(t)
	damaged := p.damage(t, firstPage)
	must(t, os.WriteFile(damaged+"-shm", []byte("an index"), 0o600))
	const name = ".damaged-20260302T00000"
	own := filepath.Join(t.TempDir(), "own")
	must(t, os.WriteFile(own, []byte("own"), 0o600))
	must(t, os.Symlink(own, p.path+name+"1Z"))
	must(t, syscall.Mkfifo(p.path+name+"2Z", 0o600))
	must(t, os.Mkdir(p.path+name+"3Z", 0o700))
	must(t, os.WriteFile(p.path+name+"4Z-wal", []byte("of a file that was replaced"), 0o600))
	must(t, os.Mkdir(p.path+".salvage", 0o700))
	must(t, os.WriteFile(filepath.Join(p.path+".salvage", "own"), []byte("own"), 0o600))
	stays := []string{p.path + name + "1Z", own, p.path + name + "2Z", p.path + name + "3Z", p.path +
		name + "4Z-wal",
		filepath.Join(p.path+".salvage", "own")}
	empty, noise := p.path+name+"5Z", p.path+name+"6Z"
	must(t, os.WriteFile(empty, nil, 0o600))
	must(t, os.WriteFile(noise, bytes.Repeat([]byte("noise"), 1000), 0o600))
	p.byItself(t, nil, 20, func(w *service.Writer) {
		if problems := w.Health(); len(problems) != 1 || problems[0].Reason != service.FileQuarantined {
			t.Errorf("health: %v, want the WAL alone", problems)
		}
		if err := w.Status().LastError; err != nil {
			t.Error(err)
		}
	})
	p.salvaged(t, damaged)
	p.c.set(p.c.now().Add(30 * time.Hour))
	p.byItself(t, nil, 3, func(w *service.Writer) {
		if err := w.Status().LastError; err != nil {
			t.Error(err)
		}
	})
	for _, path := range stays {
		if _, err := os.Lstat(path); err != nil {
			t.Error(err)
		}
	}
	for _, path := range []string{damaged, damaged + "-shm", empty, noise} {
		if _, err := os.Lstat(path); err == nil {
			t.Errorf("%s is still there", path)
		}
	}
}
