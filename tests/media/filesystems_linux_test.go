package media

import (
	"bufio"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/wanstore/wanstore/internal/filetest"
)

// fileSystems are kinds of file systems that are not like that of a developer: without permissions,
// without links, with other inodes when they are mounted again, made for flash. Those that this
// kernel lacks uml.sh has.
var fileSystems = map[string]func(*testing.T) medium{
	"vfat": image("mkfs.vfat IMAGE", "mount -t vfat -o loop,umask=000 IMAGE AT"),
	"exFAT": image("mkfs.exfat IMAGE", "mount -t exfat -o loop,umask=000 IMAGE AT",
		"mount -t exfat-fuse -o loop,umask=000 IMAGE AT"),
	"f2fs":      image("mkfs.f2fs -q IMAGE", "mount -t f2fs -o loop IMAGE AT"),
	"overlayfs": overlay,
}

// A history is recorded, read meanwhile, maintained, backed up, moved aside and salvaged on any of
// them, by root and by somebody to whom the medium does not belong. A program that is killed loses
// nothing, also where the medium is unplugged before the next one.
func TestFileSystems(t *testing.T) {
	for name, plugged := range fileSystems {
		for who, user := range map[string]int{"root": 0, "somebody": 65534} {
			t.Run(name+"/"+who, func(t *testing.T) {
				if filetest.Alone(t, true) {
					t.Setenv(userVariable, strconv.Itoa(user))
					testFileSystem(t, plugged(t))
				}
			})
		}
	}
}

func testFileSystem(t *testing.T, m medium) {
	t.Helper()
	t.Cleanup(func() { must(t, syscall.Unmount(m.at, syscall.MNT_DETACH)) })
	path := filepath.Join(m.at, "history.db")
	_ = os.Chmod(m.at, 0o777) // where that is not what the mount says
	for range 2 {
		accepted := recordAndKill(t, path)
		m.unplug(t)
		m.plug(t)
		stir(t, m.at)
		if n := count(t, path); n != accepted && n != accepted+1 {
			t.Fatalf("%d samples, want %d, and one that nobody has seen accepted perhaps", n, accepted)
		}
	}
	out, err := child(t, "salvage", path).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	must(t, filetest.Check(path))
}

// recordAndKill records some more samples, with a look at them in between, and returns how many the
// history had accepted when the recorder was killed.
func recordAndKill(t *testing.T, path string) (accepted int) {
	t.Helper()
	recorder := child(t, "record", path)
	var complaint strings.Builder
	recorder.Stderr = &complaint
	out, err := recorder.StdoutPipe()
	must(t, err)
	must(t, recorder.Start())
	lines := bufio.NewScanner(out)
	for n := 0; lines.Scan(); n++ {
		if accepted, err = strconv.Atoi(lines.Text()); err != nil {
			t.Fatal(err)
		}
		switch n {
		case 10:
			if n := count(t, path); n < accepted {
				t.Errorf("a reader sees %d samples, and %d were accepted", n, accepted)
			}
		case 25:
			must(t, recorder.Process.Kill())
		}
	}
	if err := recorder.Wait(); err == nil || complaint.Len() > 0 {
		t.Fatalf("%v: %s", err, complaint.String())
	}
	return accepted
}

// count returns how many samples a process of its own finds.
func count(t *testing.T, path string) int {
	t.Helper()
	out, err := child(t, "count", path).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	n, err := strconv.Atoi(strings.TrimSpace(string(out)))
	must(t, err)
	return n
}

// stir looks at all files of a directory, the last ones first: some file systems number them in
// this order.
func stir(t *testing.T, at string) {
	t.Helper()
	entries, err := os.ReadDir(at)
	must(t, err)
	for i := range entries {
		_, err := os.Stat(filepath.Join(at, entries[len(entries)-1-i].Name()))
		must(t, err)
	}
}

// medium is a file system that can be mounted again.
type medium struct {
	at    string
	mount func() error
}

func (m medium) plug(t *testing.T) {
	t.Helper()
	must(t, m.mount())
}

func (m medium) unplug(t *testing.T) {
	t.Helper()
	must(t, syscall.Unmount(m.at, 0))
}

// image makes a file system in a file, and mounts it by the first of these commands that this
// machine has. The test skips itself where there is none.
func image(mkfs string, mounts ...string) func(*testing.T) medium {
	return func(t *testing.T) medium {
		t.Helper()
		file, at := filepath.Join(t.TempDir(), "image"), openToAll(t)
		command := func(line string) error {
			words := strings.Fields(strings.NewReplacer("IMAGE", file, "AT", at).Replace(line))
			out, err := exec.CommandContext(t.Context(), words[0], words[1:]...).CombinedOutput()
			if err != nil {
				err = errors.New(line + ": " + err.Error() + " " + string(out))
			}
			return err
		}
		must(t, os.WriteFile(file, nil, 0o600))
		must(t, os.Truncate(file, 64<<20))
		if err := command(mkfs); err != nil {
			t.Skip(err)
		}
		var failed []error
		for _, mount := range mounts {
			err := command(mount)
			if err == nil {
				return medium{at, func() error { return command(mount) }}
			}
			failed = append(failed, err)
		}
		t.Skip(errors.Join(failed...))
		return medium{}
	}
}

// overlay is a file system over another one, on which a recorder that was killed has left a
// history. What is written goes to a third one.
func overlay(t *testing.T) medium {
	t.Helper()
	lower, upper, at := openToAll(t), openToAll(t), openToAll(t)
	must(t, syscall.Mount("tmpfs", upper, "tmpfs", 0, ""))
	t.Cleanup(func() { must(t, syscall.Unmount(upper, syscall.MNT_DETACH)) })
	for _, name := range []string{"files", "work"} {
		must(t, os.Mkdir(filepath.Join(upper, name), 0o777))
	}
	recordAndKill(t, filepath.Join(lower, "history.db"))
	m := medium{at, func() error {
		return syscall.Mount("overlay", at, "overlay", 0, "lowerdir="+lower+
			",upperdir="+filepath.Join(upper, "files")+",workdir="+filepath.Join(upper, "work"))
	}}
	if err := m.mount(); err != nil {
		t.Skip(err)
	}
	return m
}

// openToAll makes a directory that anybody may write to.
func openToAll(t *testing.T) string {
	t.Helper()
	directory := t.TempDir()
	must(t, os.Chmod(filepath.Dir(directory), 0o755))
	must(t, os.Chmod(directory, 0o777))
	return directory
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
