//go:build unix

package corruption

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/service"
)

// look opens the history at path, to read it or to write, and closes it.
func look(t *testing.T, path string, writes bool) error {
	t.Helper()
	if !writes {
		h, err := service.OpenHistory(t.Context(), path)
		if err != nil {
			return err
		}
		return h.Close()
	}
	w, err := service.OpenWriter(t.Context(), service.Config{DBPath: path},
		service.Options{NoMaintenance: true})
	if err != nil {
		return err
	}
	return w.Close(t.Context())
}

// asDamaged gives a history, and its WAL if there is one, the name of one that was moved aside from
// path.
func asDamaged(t *testing.T, path string) string {
	t.Helper()
	name := path + ".damaged-20261123T031245Z"
	must(t, os.Rename(path, name))
	if err := os.Rename(path+"-wal", name+"-wal"); !errors.Is(err, fs.ErrNotExist) {
		must(t, err)
	}
	return name
}

// refusesBeside plants something at each name beside a history, and beside one that was moved
// aside. A process that opens the history refuses it as what it is; a new file does without the
// damaged one.
func refusesBeside(
	t *testing.T, kind string, plant func(t *testing.T, name string) (check func()),
) {
	t.Helper()
	for _, suffix := range []string{"-wal", "-shm", "-journal"} {
		for name, test := range map[string]struct{ writes, damaged bool }{
			"reader": {false, false}, "writer": {true, false}, "new file": {true, true},
		} {
			t.Run(name+suffix, func(t *testing.T) {
				s, _ := closed(t)
				path := s.put(t)
				beside := path
				if test.damaged {
					beside = asDamaged(t, path)
				}
				check := plant(t, beside+suffix)
				err := look(t, path, test.writes)
				refused := err != nil && strings.Contains(err.Error(), "is a "+kind)
				if refused == test.damaged {
					t.Errorf("open: %v", err)
				}
				check()
			})
		}
	}
}

// What a link beside a history leads to stays as it is.
func TestLinkBesideAHistory(t *testing.T) {
	refusesBeside(t, "link", func(t *testing.T, name string) func() {
		t.Helper()
		victim := filepath.Join(t.TempDir(), "victim")
		was := bytes.Repeat([]byte("root:x:0:0:root:/root:/bin/sh\n"), 40)
		must(t, os.WriteFile(victim, was, 0o600))
		must(t, os.Symlink(victim, name))
		return func() {
			is, err := os.ReadFile(victim)
			must(t, err)
			if !bytes.Equal(is, was) {
				t.Errorf("what the link leads to begins with %q now", is[:100])
			}
		}
	})
}

// Nobody waits for a pipe.
func TestPipeBesideAHistory(t *testing.T) {
	refusesBeside(t, "pipe", func(t *testing.T, name string) func() {
		t.Helper()
		must(t, syscall.Mkfifo(name, 0o600))
		return func() {}
	})
}

// An index that no memory would hold is not read.
func TestHugeIndex(t *testing.T) {
	for name, test := range map[string]struct{ writes, damaged bool }{
		"reader": {false, false}, "writer": {true, false}, "new file": {true, true},
	} {
		t.Run(name, func(t *testing.T) {
			left, _ := killed(t)
			path := left.put(t)
			beside := path
			if test.damaged {
				beside = asDamaged(t, path)
			}
			must(t, os.WriteFile(beside+"-shm", nil, 0o600))
			must(t, os.Truncate(beside+"-shm", 1<<42))
			must(t, look(t, path, test.writes))
		})
	}
}

// What lies beside somebody else's database, which is refused, is no index to be rebuilt.
func TestBesideAForeignDatabase(t *testing.T) {
	for name, writes := range map[string]bool{"reader": false, "writer": true} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "other")
			filetest.Exec(t, path, "CREATE TABLE x (y)")
			text := []byte("not an index")
			must(t, os.WriteFile(path+"-shm", text, 0o600))
			if err := look(t, path, writes); err == nil {
				t.Error("it was opened")
			}
			is, err := os.ReadFile(path + "-shm")
			must(t, err)
			if !bytes.Equal(is, text) {
				t.Errorf("what lies beside it is %q now", is)
			}
		})
	}
}

// An index that somebody has left is nobody's: without a WAL it says nothing.
func TestIndexWithoutAWAL(t *testing.T) {
	s, _ := closed(t)
	delete(s, ".lock")
	for name, path := range map[string]string{"new file": filepath.Join(t.TempDir(), "history.db"),
		"history": s.put(t)} {
		t.Run(name, func(t *testing.T) {
			must(t, os.WriteFile(path+"-shm", []byte("left"), 0o600))
			must(t, look(t, path, true))
			must(t, filetest.Check(path))
		})
	}
}
