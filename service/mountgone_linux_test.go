package service_test

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/service"
)

// medium is a file system that can be pulled out.
type medium struct {
	t    *testing.T
	at   string // where it is plugged in
	plug func() error
}

// newMedium makes a medium that is a part of a file system which stays mounted elsewhere, so that
// it keeps what is on it.
func newMedium(t *testing.T) medium {
	t.Helper()
	held, at := newTmpfs(t), t.TempDir()
	return medium{t, at, func() error { return syscall.Mount(held, at, "", syscall.MS_BIND, "") }}
}

// newStick makes a medium that has another device each time that it is plugged in.
func newStick(t *testing.T) medium {
	t.Helper()
	held, at := newTmpfs(t), t.TempDir()
	return medium{t, at, func() error {
		before := held
		held = newTmpfs(t)
		if err := os.CopyFS(held, os.DirFS(before)); err != nil {
			return err
		}
		return syscall.Mount(held, at, "", syscall.MS_BIND, "")
	}}
}

// newTmpfs mounts a file system of its own until the end of the test.
func newTmpfs(t *testing.T) string {
	t.Helper()
	at := t.TempDir()
	if err := syscall.Mount("tmpfs", at, "tmpfs", 0, "size=16m"); err != nil {
		t.Skipf("no mounts to be had here, which takes root: %v", err)
	}
	t.Cleanup(func() { must(t, syscall.Unmount(at, syscall.MNT_DETACH)) })
	return at
}

func (m medium) in() {
	m.t.Helper()
	must(m.t, m.plug())
}

// out pulls the medium out, even while files are open on it.
func (m medium) out() {
	m.t.Helper()
	must(m.t, syscall.Unmount(m.at, syscall.MNT_DETACH))
}

// tree returns the names and contents of the files of a directory and those below it.
func tree(t *testing.T, at string) map[string]string {
	t.Helper()
	files := map[string]string{}
	must(t, filepath.Walk(at, func(path string, info os.FileInfo, err error) error {
		if err != nil || info.IsDir() {
			files[path] = "directory"
			return err
		}
		content, err := os.ReadFile(path)
		files[path] = string(content)
		return err
	}))
	return files
}

// A mount that goes takes the history with it: what is recorded meanwhile waits, nothing is made or
// changed in the directory that was under the mount, and all is there once when it is back.
func TestMountGone(t *testing.T) {
	for name, folder := range map[string]string{"at its root": ".", "in a directory": "a/b"} {
		t.Run(name, func(t *testing.T) {
			m := newMedium(t)
			testMountGone(t, m, filepath.Join(m.at, folder, "history.db"))
		})
	}
	t.Run("over a history", func(t *testing.T) {
		m := newMedium(t)
		path := filepath.Join(m.at, "history.db")
		w := open(t, service.Config{DBPath: path}, quiet())
		must(t, w.Write(t.Context(), numbered(rtt(t, w), 100, 101)...))
		must(t, w.Close(t.Context()))
		testMountGone(t, m, path)
	})
	t.Run("with another device", func(t *testing.T) {
		m := newStick(t)
		testMountGone(t, m, filepath.Join(m.at, "history.db"))
	})
}

func testMountGone(t *testing.T, m medium, path string) {
	t.Helper()
	before := tree(t, m.at)
	m.in()
	t.Cleanup(m.out)
	w := open(t, service.Config{DBPath: path}, quiet())
	s := rtt(t, w)
	must(t, w.Write(t.Context(), numbered(s, 1, 3)...))
	for round := range 2 {
		first := 4 + 4*round
		m.out()
		w.Record(numbered(s, first, first+2)...)
		for range 2 {
			want(t, w.Write(t.Context(), numbered(s, 50, 50)...), service.ErrMountGone)
		}
		if _, err := w.Maintain(t.Context()); err == nil {
			t.Error("a pass of maintenance has maintained what is not there")
		}
		if got := w.Health(); len(got) != 1 || got[0].Reason != service.MountGone {
			t.Errorf("health says %v, want %s", got, service.MountGone)
		}
		if diff := cmp.Diff(before, tree(t, m.at)); diff != "" {
			t.Errorf("under the mount (-was +is):\n%s", diff)
		}
		m.in()
		must(t, w.Write(t.Context(), numbered(s, first+3, first+3)...))
		if _, err := w.Maintain(t.Context()); err != nil {
			t.Error(err)
		}
		if got := w.Health(); len(got) > 0 {
			t.Errorf("health says %v with the mount back", got)
		}
	}
	must(t, w.Close(t.Context()))
	if diff := cmp.Diff([]float64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}, stored(t, path)); diff != "" {
		t.Errorf("stored (-want +got):\n%s", diff)
	}
	must(t, filetest.Check(path))
}

// A program that ends while the mount is gone removes nothing of what is under it.
func TestCloseWithoutMount(t *testing.T) {
	m := newMedium(t)
	path := filepath.Join(m.at, "history.db")
	for _, name := range []string{path, path + "-wal", path + "-shm"} {
		must(t, os.WriteFile(name, []byte(filepath.Base(name)), 0o600))
	}
	before := tree(t, m.at)
	m.in()
	w, err := service.OpenWriter(t.Context(), service.Config{DBPath: path}, quiet())
	must(t, err)
	must(t, w.Write(t.Context(), numbered(rtt(t, w), 1, 3)...))
	m.out()
	want(t, w.Close(t.Context()), service.ErrMountGone) // it could not roll up
	if diff := cmp.Diff(before, tree(t, m.at)); diff != "" {
		t.Errorf("under the mount (-was +is):\n%s", diff)
	}
	m.in()
	t.Cleanup(m.out)
	if diff := cmp.Diff([]float64{1, 2, 3}, stored(t, path)); diff != "" {
		t.Errorf("stored (-want +got):\n%s", diff)
	}
}

// A mount that comes over the directory of a history is where that is wanted.
func TestMountedOver(t *testing.T) {
	m := newMedium(t)
	path := filepath.Join(m.at, "history.db")
	w := open(t, service.Config{DBPath: path}, quiet())
	s := rtt(t, w)
	must(t, w.Write(t.Context(), numbered(s, 1, 1)...))
	m.in()
	t.Cleanup(m.out)
	must(t, w.Write(t.Context(), numbered(s, 2, 2)...))
	must(t, w.Close(t.Context()))
	if diff := cmp.Diff([]float64{2}, stored(t, path)); diff != "" {
		t.Errorf("stored (-want +got):\n%s", diff)
	}
}
