//go:build unix

package repo_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/wanstore/wanstore/repo"
)

// Nobody but the owner and the group may look at a history, or at anything that lies beside it; a
// umask takes more away, and what somebody has changed by hand holds for what is made later.
func TestPermissions(t *testing.T) {
	for _, umask := range []int{0, 0o022, 0o027, 0o077} {
		t.Run(fmt.Sprintf("umask %03o", umask), func(t *testing.T) {
			before := syscall.Umask(umask)
			defer syscall.Umask(before)
			directory := filepath.Join(t.TempDir(), "a", "b")
			path := filepath.Join(directory, "history.db")
			w, err := repo.OpenWriter(t.Context(), path, repo.SynchronousNormal)
			if err != nil {
				t.Fatal(err)
			}
			allowed := fs.FileMode(^umask)
			add(t, w, every(1_000_000, start, start+100_000_000, newSeries("rtt"))...)
			for _, made := range []string{directory, filepath.Dir(directory)} {
				wantMode(t, made, 0o750&allowed)
			}
			wantModes(t, directory, 0o640&allowed, "-wal", "-shm")
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			read(t, path)
			wantModes(t, directory, 0o640&allowed)

			if err := os.Chmod(path, 0o600); err != nil {
				t.Fatal(err)
			}
			for _, suffix := range []string{"-wal", "-shm"} {
				if err := os.RemoveAll(path + suffix); err != nil {
					t.Fatal(err)
				}
			}
			read(t, path)
			for _, suffix := range []string{"", "-wal", "-shm", ".backup"} {
				wantMode(t, path+suffix, 0o600)
			}
		})
	}
}

// Permissions that somebody changes while the file is open hold for what lies beside it, too, and
// stop nobody who has it open.
func TestPermissionsChangedMeanwhile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "history.db")
	w := open(t, path)
	for i, mode := range []fs.FileMode{0o600, 0o444, 0o660} {
		must(t, os.Chmod(path, mode))
		w.FollowMode()
		at := start + repo.Micros(i)
		add(t, w, every(1, at, at+1, newSeries("rtt"))...)
		wantModes(t, filepath.Dir(path), mode, "-wal", "-shm", ".lock")
	}
}

// read looks at a history that nobody has open, and backs it up.
func read(t *testing.T, path string) {
	t.Helper()
	if err := os.RemoveAll(path + ".backup"); err != nil {
		t.Fatal(err)
	}
	if _, err := openReader(t, path).Backup(t.Context(), path+".backup"); err != nil {
		t.Fatal(err)
	}
}

// wantModes wants every file of a directory to have the same permissions, those with the given
// suffixes among them.
func wantModes(t *testing.T, directory string, want fs.FileMode, suffixes ...string) {
	t.Helper()
	for _, suffix := range suffixes {
		wantMode(t, filepath.Join(directory, "history.db"+suffix), want)
	}
	for _, name := range names(t, directory) {
		wantMode(t, filepath.Join(directory, name), want)
	}
}

func wantMode(t *testing.T, path string, want fs.FileMode) {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Error(err)
		return
	}
	if got := info.Mode().Perm(); got != want {
		t.Errorf("%s has the permissions %03o, want %03o", filepath.Base(path), got, want)
	}
}

// What is neither file nor directory would be waited for, or read without end.
func TestOpenARegularFileOnly(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Skipf("no named pipes here: %v", err)
	}
	if _, err := repo.OpenReader(t.Context(), path); !errors.Is(err, repo.ErrNotDatabase) {
		t.Errorf("open for reading: got %v, want %v", err, repo.ErrNotDatabase)
	}
	_, err := repo.OpenWriter(t.Context(), path, repo.SynchronousNormal)
	if !errors.Is(err, repo.ErrNotDatabase) {
		t.Errorf("open for writing: got %v, want %v", err, repo.ErrNotDatabase)
	}
}
