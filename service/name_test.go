package service_test

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/service"
)

// locksNames says that names are locked on this system.
func locksNames() bool { return runtime.GOOS == "linux" || runtime.GOOS == "darwin" }

func hardLink(t *testing.T, path string) string {
	t.Helper()
	link := path + ".link"
	must(t, os.Link(path, link))
	return link
}

func wantOtherName(t *testing.T, path string) {
	t.Helper()
	w, err := service.OpenWriter(t.Context(), service.Config{DBPath: path}, quiet())
	want(t, err, service.ErrOtherName)
	if err == nil {
		shut(t, w)
	}
}

// A process that writes a file does not write it by another name, too, and reads it by the one
// only.
func TestOtherNameInOneProcess(t *testing.T) {
	path := filetest.Path(t)
	shut(t, open(t, service.Config{DBPath: path}, quiet()))
	link := hardLink(t, path)
	for _, names := range [][2]string{{path, link}, {link, path}} {
		w := open(t, service.Config{DBPath: names[0]}, quiet())
		write(t, w, numbered(rtt(t, w), 1, 1)...)
		wantOtherName(t, names[1])
		if locksNames() {
			_, err := service.OpenHistory(t.Context(), names[1])
			want(t, err, service.ErrOtherName)
		}
		write(t, w, numbered(rtt(t, w), 2, 2)...)
		accepted(t, w, 2)
		shut(t, w)
	}
	if got := filetest.Int(t, link, filetest.CountRawSamples); got != 4 {
		t.Errorf("%d samples in the file, want 4", got)
	}
}

// A writer whose file was renamed has it until its next commit. Until then nobody opens the file by
// its new name; afterwards it is whole there.
func TestOtherNameOfARenamedFile(t *testing.T) {
	path := filetest.Path(t)
	w := open(t, service.Config{DBPath: path}, quiet())
	write(t, w, numbered(rtt(t, w), 1, 3)...)
	to := filepath.Join(t.TempDir(), "renamed.db")
	must(t, os.Rename(path, to))
	wantOtherName(t, to)
	write(t, w, numbered(rtt(t, w), 4, 4)...)
	next := open(t, service.Config{DBPath: to}, quiet())
	write(t, next, numbered(rtt(t, next), 5, 5)...)
	for file, want := range map[string]int64{path: 1, to: 4} {
		if got := filetest.Int(t, file, filetest.CountRawSamples); got != want {
			t.Errorf("%d samples in %s, want %d", got, file, want)
		}
	}
}

// A file is put at the path of a writer that another writer has open by another name. What is
// recorded waits, and health says why, until the other one has closed the file.
func TestOtherNameInThePlaceOfAFile(t *testing.T) {
	if !locksNames() {
		t.Skip("names are not locked on this system")
	}
	path, other := filetest.Path(t), filetest.Path(t)
	a := open(t, service.Config{DBPath: path}, quiet())
	b := open(t, service.Config{DBPath: other}, quiet())
	write(t, b, numbered(rtt(t, b), 1, 2)...)
	must(t, os.Remove(path))
	must(t, os.Link(other, path))

	want(t, a.Write(t.Context(), numbered(rtt(t, a), 3, 3)...), service.ErrOtherName)
	a.Record(numbered(rtt(t, a), 4, 5)...)
	want(t, a.Flush(t.Context()), service.ErrOtherName)
	ails(t, "while another writer has the file", a.Health(), service.OtherName)
	write(t, b, numbered(rtt(t, b), 6, 6)...)
	shut(t, b)
	must(t, a.Flush(t.Context()))
	ails(t, "when it has closed the file", a.Health(), service.FileQuarantined) // the WAL of the first
	if got := filetest.Int(t, path, filetest.CountRawSamples); got != 5 {
		t.Errorf("%d samples in the file, want 5", got)
	}
}

// A writer that opens a file which has several names is told so, once.
func TestHardLinksAreToldOf(t *testing.T) {
	path := filetest.Path(t)
	for _, links := range []int{0, 1} {
		log := new(logged)
		options := quiet()
		options.Logger = log.logger()
		shut(t, open(t, service.Config{DBPath: path}, options))
		lines := strings.Join(log.lines(), "\n")
		if got := strings.Count(lines, "hard links"); got != links && runtime.GOOS != "windows" {
			t.Errorf("%d lines about links, want %d:\n%s", got, links, lines)
		}
		if links == 0 {
			hardLink(t, path)
		}
	}
}

// A file that was moved away, and linked to from its old place, goes on to be recorded: everything
// is in one file, under the new name.
func TestRenamedAndLinked(t *testing.T) {
	path := filetest.Path(t)
	w := open(t, service.Config{DBPath: path}, quiet())
	write(t, w, numbered(rtt(t, w), 1, 3)...)
	h := history(t, path)
	wantLatest(t, h, 3)
	to := filepath.Join(t.TempDir(), "renamed.db")
	must(t, os.Rename(path, to))
	must(t, os.Symlink(to, path))
	write(t, w, numbered(rtt(t, w), 4, 5)...)
	accepted(t, w, 5)
	wantLatest(t, h, 5)
	again := open(t, service.Config{DBPath: path}, quiet())
	write(t, again, numbered(rtt(t, again), 6, 6)...)
	accepted(t, w, 6)
	if got := filetest.Int(t, to, filetest.CountRawSamples); got != 6 {
		t.Errorf("%d samples in the file, want 6", got)
	}
	if info, err := os.Stat(path + "-wal"); err == nil && info.Size() > 0 {
		t.Errorf("there are %d bytes in the WAL of the old name", info.Size())
	} else if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}

func wantLatest(t *testing.T, h *service.History, value float64) {
	t.Helper()
	points, err := h.Latest(t.Context(), service.Filter{})
	must(t, err)
	if len(points) != 1 || points[0].Value != value {
		t.Errorf("the newest samples are %v, want one of %v", points, value)
	}
}
