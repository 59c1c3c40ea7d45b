package service_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/service"
)

// must fails the test at once for an error of what it depends on.
func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func accepted(t *testing.T, w *service.Writer, want int64) {
	t.Helper()
	if got := w.Status().Accepted; got != want {
		t.Errorf("%d samples accepted, want %d", got, want)
	}
}

// gone fails the test if there is anything at path.
func gone(t *testing.T, path string) {
	t.Helper()
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%s is there (%v)", path, err)
	}
}

func symlink(t *testing.T, path string) string {
	t.Helper()
	link := filepath.Join(t.TempDir(), "link.db")
	must(t, os.Symlink(path, link))
	return link
}

// spellings are ways to another path of the file at a path.
var spellings = map[string]func(*testing.T, string) string{
	"the same": func(_ *testing.T, path string) string { return path },
	"detour": func(_ *testing.T, path string) string {
		dir, name := filepath.Split(path)
		return dir + ".//../" + filepath.Base(dir) + "/./" + name
	},
	"relative": func(t *testing.T, path string) string {
		t.Helper()
		t.Chdir(filepath.Dir(path))
		return filepath.Base(path)
	},
	"symbolic link": symlink,
	"linked directory": func(t *testing.T, path string) string {
		t.Helper()
		return filepath.Join(symlink(t, filepath.Dir(path)), filepath.Base(path))
	},
}

// However the path of a file is spelled, and whichever spelling comes first, there is one writer of
// it.
func TestOneWriterOfAFile(t *testing.T) {
	for name, respell := range spellings {
		for _, realFirst := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, the real path first %t", name, realFirst), func(t *testing.T) {
				path := filetest.Path(t)
				shut(t, open(t, service.Config{DBPath: path}, quiet())) // something that can be linked to
				first, second := path, respell(t, path)
				if !realFirst {
					first, second = second, first
				}
				checkOneWriter(t, first, second)
				if got := filetest.Int(t, path, filetest.CountRawSamples); got != 3 {
					t.Errorf("%d samples in the file, want 3", got)
				}
			})
		}
	}
}

func checkOneWriter(t *testing.T, first, second string) {
	t.Helper()
	a := open(t, service.Config{DBPath: first}, quiet())
	b := open(t, service.Config{DBPath: second}, quiet())
	if a.Path() != b.Path() {
		t.Errorf("paths %s and %s of one writer", a.Path(), b.Path())
	}
	s := rtt(t, a)
	if rtt(t, b) != s {
		t.Error("two handles of one series")
	}
	write(t, a, numbered(s, 1, 1)...)
	write(t, b, numbered(s, 2, 2)...)
	accepted(t, a, 2)
	if diff := cmp.Diff(a.Status(), b.Status()); diff != "" {
		t.Errorf("status of one writer (-one +other hold):\n%s", diff)
	}

	shut(t, a)
	want(t, a.Write(t.Context(), numbered(s, 4, 4)...), service.ErrClosed)
	write(t, b, numbered(s, 3, 3)...) // the other goes on, with a handle from the one
	accepted(t, b, 3)
	file, err := filepath.EvalSymlinks(b.Path())
	must(t, err)
	if _, err := os.Stat(file + "-wal"); err != nil {
		t.Errorf("the file is closed already: %v", err)
	}
	shut(t, b)
	gone(t, file+"-wal")
}

func TestPathIsAbsolute(t *testing.T) {
	path := filetest.Path(t)
	t.Chdir(filepath.Dir(path))
	w := open(t, service.Config{DBPath: "history.db"}, quiet())
	if !filepath.IsAbs(w.Path()) || filepath.Base(w.Path()) != "history.db" {
		t.Errorf("path %s, want an absolute one", w.Path())
	}
}

func TestTwoFilesHaveTwoWriters(t *testing.T) {
	a := open(t, service.Config{DBPath: filetest.Path(t)}, quiet())
	b := open(t, service.Config{DBPath: filetest.Path(t)}, quiet())
	write(t, a, numbered(rtt(t, a), 1, 2)...)
	write(t, b, numbered(rtt(t, b), 1, 1)...)
	accepted(t, a, 2)
	accepted(t, b, 1)
	shut(t, a)
	write(t, b, numbered(rtt(t, b), 2, 2)...)
}

// A caller that opens a file whose place has become empty gets the writer of that place, which goes
// on in a new file there.
func TestMovedFileKeepsItsWriter(t *testing.T) {
	path := filetest.Path(t)
	a := open(t, service.Config{DBPath: path}, quiet())
	write(t, a, numbered(rtt(t, a), 1, 1)...)
	aside := filepath.Join(t.TempDir(), "aside.db")
	for _, suffix := range []string{"", "-wal", "-shm"} {
		must(t, os.Rename(path+suffix, aside+suffix))
	}
	b := open(t, service.Config{DBPath: path}, quiet())
	accepted(t, b, 1)
	write(t, b, numbered(rtt(t, b), 2, 3)...)
	for file, want := range map[string]int64{aside: 1, path: 2} {
		if got := filetest.Int(t, file, filetest.CountRawSamples); got != want {
			t.Errorf("%d samples in %s, want %d", got, file, want)
		}
	}
}

// A handle is good for the writer that it came from, and the samples beside a stray one are stored.
func TestSeriesOfAnotherWriter(t *testing.T) {
	path := filetest.Path(t)
	old := open(t, service.Config{DBPath: path}, quiet())
	before := rtt(t, old)
	shut(t, old)
	other := open(t, service.Config{DBPath: filetest.Path(t)}, quiet())
	w := open(t, service.Config{DBPath: path}, quiet())

	for name, stray := range map[string]*service.Series{"another file": rtt(t, other),
		"before the reopening": before, "none": nil} {
		t.Run(name, func(t *testing.T) {
			refused, taken := w.Status().Refused.Series, w.Status().Accepted
			samples := numbered(rtt(t, w), 1, 3)
			for i := range samples {
				samples[i].Time = time.Now().Add(time.Duration(i) * time.Microsecond)
			}
			samples[1].Series = stray
			err := w.Write(t.Context(), samples...)
			want(t, err, service.ErrSeries)
			if list := refusals(t, err); len(list) != 1 || list[0].Sample != samples[1] {
				t.Errorf("refused %v, want the stray one", err)
			}
			w.Record(samples[1], samples[1])
			accepted(t, w, taken+2)
			if got := w.Status().Refused.Series - refused; got != 3 {
				t.Errorf("%d samples counted as refused, want 3", got)
			}
		})
	}
	accepted(t, other, 0)
}

// A hold that is closed is closed, whatever the others do, and says so in each call.
func TestOneClosedHold(t *testing.T) {
	a := open(t, service.Config{DBPath: filetest.Path(t)}, quiet())
	b := open(t, service.Config{DBPath: a.Path()}, quiet())
	s := rtt(t, a)
	a.Record(numbered(s, 1, 2)...)
	shut(t, a)
	shut(t, a)
	accepted(t, a, 2)

	a.Record(numbered(s, 3, 5)...)
	want(t, a.Write(t.Context(), numbered(s, 6, 6)...), service.ErrClosed)
	want(t, a.Flush(t.Context()), service.ErrClosed)
	_, err := a.Maintain(t.Context())
	want(t, err, service.ErrClosed)

	write(t, b, numbered(s, 7, 7)...)
	if diff := cmp.Diff(service.Dropped{Closed: 3}, b.Status().Dropped); diff != "" {
		t.Errorf("dropped (-want +got):\n%s", diff)
	}
	accepted(t, b, 3)
}

// A caller that opens a file which is being closed gets a new writer when that is done, or gives up
// waiting.
func TestReopenWhileClosing(t *testing.T) {
	path := filetest.Path(t)
	synctest.Test(t, func(t *testing.T) {
		old := open(t, service.Config{DBPath: path}, quiet())
		old.Record(numbered(rtt(t, old), 1, 3)...)
		release := filetest.Lock(t, path)
		closed := make(chan error, 1)
		go func() { closed <- old.Close(t.Context()) }()
		synctest.Wait() // it waits for the lock, to commit

		cancelled, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := service.OpenWriter(cancelled, service.Config{DBPath: path}, quiet())
		want(t, err, context.Canceled)

		reopened := make(chan *service.Writer, 1)
		go func() {
			w, err := service.OpenWriter(t.Context(), service.Config{DBPath: path}, quiet())
			if err != nil {
				t.Error(err)
			}
			reopened <- w
		}()
		synctest.Wait()
		if len(reopened) > 0 {
			t.Error("there is a new writer while the old one has not ended")
		}
		release()
		w := <-reopened
		if err := <-closed; err != nil {
			t.Error(err)
		}
		accepted(t, old, 3)
		accepted(t, w, 0)
		write(t, w, numbered(rtt(t, w), 4, 4)...)
		shut(t, w)
	})
}

// Opening and closing at once from everywhere loses nothing and leaves nothing open.
func TestManyOpenAndClose(t *testing.T) {
	path := filetest.Path(t)
	const users, rounds = 6, 8
	start := time.Now()
	var wg sync.WaitGroup
	for user := range users {
		wg.Go(func() {
			for round := range rounds {
				w, err := service.OpenWriter(t.Context(), service.Config{DBPath: path}, quiet())
				if err != nil {
					t.Error(err)
					return
				}
				s, err := w.Series(service.RTT, "spectrum", nil)
				if err != nil {
					t.Error(err)
				}
				w.Record(service.Sample{Series: s,
					Time: start.Add(time.Duration(user*rounds+round) * time.Microsecond), Value: 1})
				if err := w.Close(t.Context()); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	gone(t, path+"-wal")
	if got := filetest.Int(t, path, filetest.CountRawSamples); got != users*rounds {
		t.Errorf("%d samples in the file, want %d", got, users*rounds)
	}
}

// modem is a metric of a host program.
func modem(aggregation service.Aggregation) service.Options {
	options := quiet()
	options.Metrics = []service.Metric{{Name: "modem_online", Aggregation: aggregation}}
	return options
}

// A second user cannot declare otherwise than the first one, or than the file; that leaves the
// first one as it was.
func TestSecondHoldThatDisagrees(t *testing.T) {
	path := filetest.Path(t)
	a := open(t, service.Config{DBPath: path}, modem(service.Mode))
	_, err := service.OpenWriter(t.Context(), service.Config{DBPath: path}, modem(service.Average))
	want(t, err, service.ErrAggregation)
	write(t, a, numbered(series(t, a, "modem_online", "cable", nil), 1, 1)...)
	_, err = service.OpenWriter(t.Context(), service.Config{DBPath: path}, modem(service.Average))
	want(t, err, service.ErrAggregation)
	shut(t, a) // and it counts for nobody: this was the last one
	gone(t, path+"-wal")
}
