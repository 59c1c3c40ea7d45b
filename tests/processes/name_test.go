package processes

import (
	"errors"
	"io/fs"
	"iter"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/service"
	"github.com/wanstore/wanstore/tests/internal/truth"
)

// spelling is a way to a file.
type spelling struct {
	path   string
	folder string // that the process is in which goes by it, its own if it is empty
	mount  mount  // that this process makes for itself, none if it is zero
}

// mount is a file or a directory that lies in a second place, too.
type mount struct{ From, At string }

// otherNames make another name of a file, beside which SQLite would keep another WAL.
var otherNames = map[string]func(*testing.T, string) spelling{
	"hard link": func(t *testing.T, path string) spelling {
		t.Helper()
		return spelling{path: hardLink(t, path)}
	},
	"hard link in another directory": func(t *testing.T, path string) spelling {
		t.Helper()
		link := filepath.Join(filepath.Dir(path), "folder", filepath.Base(path))
		must(t, os.Mkdir(filepath.Dir(link), 0o750))
		must(t, os.Link(path, link))
		return spelling{path: link}
	},
	"mounted file": func(t *testing.T, path string) spelling {
		t.Helper()
		mustMount(t)
		at := filepath.Join(t.TempDir(), filepath.Base(path))
		must(t, os.WriteFile(at, nil, 0o600))
		return spelling{path: at, mount: mount{path, at}}
	},
}

// sameNames make another way to the same name.
var sameNames = map[string]func(*testing.T, string) spelling{
	"symbolic link": func(t *testing.T, path string) spelling {
		t.Helper()
		link := filepath.Join(t.TempDir(), "link.db")
		must(t, os.Symlink(path, link))
		return spelling{path: link}
	},
	"linked directory": func(t *testing.T, path string) spelling {
		t.Helper()
		link := filepath.Join(t.TempDir(), "link")
		must(t, os.Symlink(filepath.Dir(path), link))
		return spelling{path: filepath.Join(link, filepath.Base(path))}
	},
	"relative": func(_ *testing.T, path string) spelling {
		return spelling{path: filepath.Base(path), folder: filepath.Dir(path)}
	},
	"mounted directory": func(t *testing.T, path string) spelling {
		t.Helper()
		mustMount(t)
		at := t.TempDir()
		return spelling{path: filepath.Join(at, filepath.Base(path)),
			mount: mount{filepath.Dir(path), at}}
	},
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func hardLink(t *testing.T, path string) string {
	t.Helper()
	link := path + ".link"
	must(t, os.Link(path, link))
	return link
}

// named is a child that goes by some spelling, and what it has recorded.
type named struct {
	*child

	t            *testing.T
	number       int
	all          *truth.Truth
	tried, acked int // batches
	refused      bool
}

func startNamed(t *testing.T, s spelling, number, batches int, all *truth.Truth) *named {
	t.Helper()
	return &named{t: t, number: number, all: all, child: start(t, orders{
		Path: s.path, Folder: s.folder, Mount: s.mount,
		Child: number, Batches: batches, KeepRaw: time.Hour, MaintainEvery: 7,
	})}
}

// take notes what the child says next. It returns false when the child has ended.
func (n *named) take() bool {
	r, ok := <-n.reports
	n.tried, n.refused = max(n.tried, r.Try), n.refused || r.OtherName
	if r.Ack > 0 {
		n.acked = r.Ack
		expect(n.all, plan(n.number, n.acked-1))
	}
	return ok
}

// records waits until some more batches are in.
func (n *named) records(batches int) {
	n.t.Helper()
	for until := n.acked + batches; n.acked < until; {
		if !n.take() {
			n.t.Fatalf("child %d has ended: %s", n.number, n.wait())
		}
	}
}

// ends takes what the child says until its end, which must be a good one.
func (n *named) ends() {
	n.t.Helper()
	for n.take() {
		continue
	}
	if failure := n.wait(); failure != "" {
		n.t.Errorf("child %d: %s", n.number, failure)
	}
}

// crash kills the child, and has another one take in what that has left.
func (n *named) crash(s spelling, path string) {
	n.t.Helper()
	n.kill()
	for n.take() {
		continue
	}
	if failure := n.wait(); n.command.ProcessState.Exited() {
		n.t.Fatalf("child %d ended by itself: %s", n.number, failure)
	}
	next := &named{t: n.t, child: start(n.t, orders{
		Path: s.path, Folder: s.folder, Mount: s.mount, Open: true,
	})}
	next.ends()
	if n.tried > n.acked && holds(n.t, path, n.number, n.tried-1) {
		expect(n.all, plan(n.number, n.tried-1))
		n.acked = n.tried
	}
}

// begun is a history that has a few batches.
func begun(t *testing.T) (path string, all *truth.Truth) {
	t.Helper()
	path, all = filetest.Path(t), truth.New()
	startNamed(t, spelling{path: path}, 0, 3, all).ends()
	return path, all
}

// wantOtherName demands that nobody writes, reads or salvages the file at path, and that nothing is
// made beside it.
func wantOtherName(t *testing.T, path string) {
	t.Helper()
	options := service.Options{Logger: slog.New(slog.DiscardHandler), NoMaintenance: true}
	w, err := service.OpenWriter(t.Context(), service.Config{DBPath: path}, options)
	if !errors.Is(err, service.ErrOtherName) {
		t.Errorf("a second writer: got error %v, want %v", err, service.ErrOtherName)
	}
	if err == nil {
		must(t, w.Close(t.Context()))
	}
	h, err := service.OpenHistory(t.Context(), path)
	if !errors.Is(err, service.ErrOtherName) {
		t.Errorf("a reader: got error %v, want %v", err, service.ErrOtherName)
	}
	if err == nil {
		must(t, h.Close())
	}
	prepared, err := service.PrepareSalvage(t.Context(), path, filetest.Path(t))
	if !errors.Is(err, service.ErrOtherName) {
		t.Errorf("a salvage: got error %v, want %v", err, service.ErrOtherName)
	}
	if err == nil {
		must(t, prepared.Close())
	}
	for _, suffix := range []string{"-wal", "-shm"} {
		if _, err := os.Lstat(path + suffix); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s is there: %v", path+suffix, err)
		}
	}
}

// A process records a file by one name. Nobody else writes or reads it by another one, until that
// process is killed: then its lock is gone, and what it has recorded is there.
func TestOtherName(t *testing.T) {
	for name, makeName := range otherNames {
		t.Run(name, func(t *testing.T) {
			path, all := begun(t)
			other := makeName(t, path)
			c := startNamed(t, other, 1, enough, all)
			c.records(3)
			wantOtherName(t, path)
			c.records(3)
			c.crash(other, path)
			checkFile(t, path, all, clock(c.acked))
		})
	}
}

// A reader is there first, and a recorder opens the file by another name: it is not kept from that.
// The reader is told so, in the middle of a range, too, and sees everything when the recorder has
// closed the file.
func TestOtherNameOfAReader(t *testing.T) {
	for name, makeName := range otherNames {
		t.Run(name, func(t *testing.T) {
			path, all := begun(t)
			other := makeName(t, path)
			h := openHistory(t, path)
			defer h.Close()
			must(t, readAll(t, h))
			next, stop := iter.Pull2(h.Range(t.Context(), service.Query{
				From: begin.AddDate(0, 0, -1), Until: begin.AddDate(0, 0, 1),
			}))
			defer stop()
			if _, err, _ := next(); err != nil {
				t.Fatal(err)
			}

			c := startNamed(t, other, 1, enough, all)
			c.records(3)
			if err := restOf(next); !errors.Is(err, service.ErrOtherName) {
				t.Errorf("the range ends with %v, want %v", err, service.ErrOtherName)
			}
			if err := readAll(t, h); !errors.Is(err, service.ErrOtherName) {
				t.Errorf("the next question: got error %v, want %v", err, service.ErrOtherName)
			}
			c.records(3)
			c.crash(other, path)
			all.CheckRange(t, h, all.CheckTiers(t, h), time.Minute)
		})
	}
}

// A recorder comes and goes by another name, while a reader has the file open and asks for nothing.
// The next question is answered with everything, and not from what the reader remembers of the
// file.
func TestOtherNameWhileAReaderSleeps(t *testing.T) {
	path, all := begun(t)
	h := openHistory(t, path)
	defer h.Close()
	for number := range 3 {
		all.CheckRange(t, h, all.CheckTiers(t, h), 0)
		c := startNamed(t, spelling{path: hardLink(t, path)}, number+1, 60, all)
		c.ends()
		must(t, os.Remove(path+".link"))
		all.CheckRange(t, h, all.CheckTiers(t, h), 0)
	}
}

// restOf is how a range ends.
func restOf(next func() (service.Point, error, bool)) (err error) {
	for ok := true; ok && err == nil; {
		_, err, ok = next()
	}
	return err
}

// Two processes record a file by two spellings of one name: both are let in, and all that they
// record is there.
func TestSameName(t *testing.T) {
	const batches = 30
	for name, spell := range sameNames {
		t.Run(name, func(t *testing.T) {
			path, all := begun(t)
			first := startNamed(t, spelling{path: path}, 1, enough, all)
			first.records(1)
			second := startNamed(t, spell(t, path), 2, batches, all)
			second.ends()
			if second.acked != batches {
				t.Errorf("the second one has recorded %d batches, want %d", second.acked, batches)
			}
			first.crash(spelling{path: path}, path)
			checkFile(t, path, all, clock(max(first.acked, batches)))
		})
	}
}

// Of two processes that open a file at once by two names, one gets in.
func TestTwoNamesAtOnce(t *testing.T) {
	path, all := begun(t)
	link := hardLink(t, path)
	for range 5 {
		a := startNamed(t, spelling{path: path}, 1, enough, all)
		b := startNamed(t, spelling{path: link}, 2, enough, all)
		for _, c := range []*named{a, b} {
			for !c.refused && c.acked == 0 && c.take() {
				continue
			}
		}
		if a.refused == b.refused {
			t.Errorf("refused: %t, %t, want one of the two", a.refused, b.refused)
		}
		for _, c := range []*named{a, b} {
			c.kill()
			for c.take() {
				continue
			}
			_ = c.wait() // that it was killed
		}
	}
}
