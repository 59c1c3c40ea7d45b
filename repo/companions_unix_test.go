//go:build unix

package repo_test

import (
	"errors"
	"os"
	"syscall"
	"testing"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/repo"
)

// A look at a history by root must not lock its owner out, and nobody may read in the WAL what the
// file keeps private.
func TestCompanionsAreLikeTheFile(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("having another user's file takes root")
	}
	path := filetest.Path(t)
	w, err := repo.OpenWriter(t.Context(), path, repo.SynchronousNormal)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	const nobody = 65534
	if err := errors.Join(os.Chmod(path, 0o600), os.Chown(path, nobody, nobody)); err != nil {
		t.Fatal(err)
	}
	reader, err := repo.OpenReader(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	for _, suffix := range []string{"-wal", "-shm"} {
		info, err := os.Stat(path + suffix)
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != 0o600 {
			t.Errorf("%s has the permissions %o, want those of the file, 600", suffix, got)
		}
		if got, ok := info.Sys().(*syscall.Stat_t); !ok || got.Uid != nobody {
			t.Errorf("%s does not belong to the owner of the file", suffix)
		}
	}
}
