// Package salvage damages histories so that SQLite cannot read them any more, and looks at what
// comes back of them.
package salvage

import (
	"context"
	"fmt"
	"iter"
	"log/slog"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/service"
)

const pageSize = 512

var begin = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)

// clock is that of all writers of a test.
type clock struct{ micros atomic.Int64 }

func newClock(at time.Time) *clock {
	c := new(clock)
	c.set(at)
	return c
}

func (c *clock) now() time.Time   { return time.UnixMicro(c.micros.Load()) }
func (c *clock) set(at time.Time) { c.micros.Store(at.UnixMicro()) }

func open(t *testing.T, path string, c *clock) *service.Writer {
	t.Helper()
	return openWatched(t, path, c, nil)
}

// openWatched calls watchdog after each step of maintenance and of a salvage.
func openWatched(t *testing.T, path string, c *clock, watchdog func()) *service.Writer {
	t.Helper()
	w, err := service.OpenWriter(t.Context(), service.Config{DBPath: path, KeepRaw: time.Hour},
		service.Options{
			Logger: slog.New(slog.DiscardHandler), Now: c.now, TrustClock: true, NoMaintenance: true,
			Watchdog: watchdog,
		})
	must(t, err)
	t.Cleanup(func() { must(t, w.Close(context.Background())) })
	return w
}

// record records some series from one moment to another, a sample each ten seconds, and maintains
// every ten minutes.
func record(t *testing.T, w *service.Writer, c *clock, from, until time.Time) {
	t.Helper()
	for at := from; at.Before(until); at = at.Add(10 * time.Minute) {
		samples, err := samplesOf(w, at, at.Add(10*time.Minute))
		must(t, err)
		c.set(at.Add(10 * time.Minute))
		must(t, w.Write(t.Context(), samples...))
		maintain(t, w)
	}
}

// samplesOf returns what is recorded from one moment to another.
func samplesOf(w *service.Writer, from, until time.Time) (samples []service.Sample, err error) {
	var series []*service.Series
	for n, name := range []string{service.RTT, service.State, service.RTT, "other"} {
		s, err := w.Series(name, fmt.Sprintf("wan%d", n), nil)
		if err != nil {
			return nil, err
		}
		series = append(series, s)
	}
	for at := from; at.Before(until); at = at.Add(10 * time.Second) {
		for n, s := range series {
			value := float64((int(at.Unix())/10*(n+3))%17) / 4
			if n == 1 {
				value = float64(at.Unix() / 70 % 4)
			}
			samples = append(samples, service.Sample{Series: s, Time: at, Value: value})
		}
	}
	return samples, nil
}

func maintain(t *testing.T, w *service.Writer) {
	t.Helper()
	_, err := w.Maintain(t.Context())
	must(t, err)
}

// points yields all that a history says, tier by tier.
func points(t *testing.T, path string) iter.Seq[service.Point] {
	t.Helper()
	return func(yield func(service.Point) bool) {
		h, err := service.OpenHistory(t.Context(), path)
		must(t, err)
		defer func() { must(t, h.Close()) }()
		for g := service.Raw; g <= service.Hour; g++ {
			query := service.Query{From: begin, Until: begin.Add(10_000 * time.Hour), Only: &g}
			for point, err := range h.Range(t.Context(), query) {
				must(t, err)
				if !yield(point) {
					return
				}
			}
		}
	}
}

// place is what a point is of.
func place(p service.Point) string {
	return fmt.Sprint(p.Granularity, " ", p.Time.Sub(begin), " ", p.Metric, " ", p.WAN)
}

func line(p service.Point) string {
	return fmt.Sprint(place(p), ": ", p.Value, " ", p.Min, " ", p.Max, " ", p.Count)
}

// read returns all that a history says.
func read(t *testing.T, path string) (lines []string) {
	t.Helper()
	for p := range points(t, path) {
		lines = append(lines, line(p))
	}
	return lines
}

// pair is a history and its undamaged copy: what is done with the one is done with the other.
type pair struct {
	c       *clock
	path    string // of the history
	control string // of the copy
}

// newPair makes a closed history of some hours.
func newPair(t *testing.T) pair {
	t.Helper()
	p := pair{newClock(begin), filetest.Path(t), filetest.Path(t)}
	w := open(t, p.path, p.c)
	record(t, w, p.c, begin, begin.Add(6*time.Hour))
	must(t, w.Close(t.Context()))
	data, err := os.ReadFile(p.path)
	must(t, err)
	must(t, os.WriteFile(p.control, data, 0o600))
	return p
}

// newKilledPair makes a history whose writer was killed, so that it has a WAL, or one without, and
// returns what its file was an hour before as well.
func newKilledPair(t *testing.T, wal bool) (p pair, older []byte) {
	t.Helper()
	p = pair{newClock(begin), filetest.Path(t), filetest.Path(t)}
	w := open(t, p.path, p.c)
	record(t, w, p.c, begin, begin.Add(3*time.Hour))
	older, err := os.ReadFile(p.path)
	must(t, err)
	record(t, w, p.c, begin.Add(3*time.Hour), begin.Add(4*time.Hour))
	if !wal {
		must(t, w.Close(t.Context()))
	}
	must(t, filetest.CopyOpen(p.path, p.control))
	left := filetest.Path(t)
	must(t, filetest.CopyOpen(p.path, left))
	must(t, w.Close(t.Context()))
	return pair{p.c, left, p.control}, older
}

// damage gives the history the name of one that was moved aside, and damages it.
func (p pair) damage(t *testing.T, damage func(data []byte) []byte) (damaged string) {
	t.Helper()
	damaged = p.path + ".damaged-20260301T060000Z"
	data, err := os.ReadFile(p.path)
	must(t, err)
	must(t, os.WriteFile(damaged, damage(data), 0o600))
	_ = os.Rename(p.path+"-wal", damaged+"-wal")
	for _, suffix := range []string{"", "-shm", ".lock"} {
		_ = os.Remove(p.path + suffix)
	}
	p.c.set(p.c.now().Add(time.Minute)) // so that all samples are to be rolled up
	return damaged
}

// goOn records some more in both, and maintains them.
func (p pair) goOn(t *testing.T) {
	t.Helper()
	from := p.c.now()
	for _, path := range []string{p.path, p.control} {
		w := open(t, path, p.c)
		record(t, w, p.c, from, from.Add(time.Hour))
		must(t, w.Close(t.Context()))
	}
}

// same fails the test unless both say the same.
func (p pair) same(t *testing.T) {
	t.Helper()
	want := read(t, p.control)
	if len(want) < 100 {
		t.Fatalf("the copy says no more than %q", want)
	}
	if diff := cmp.Diff(want, read(t, p.path)); diff != "" {
		t.Errorf("the history is another one (-was +is):\n%s", diff)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// salvage takes what is intact in a damaged file into a history.
func salvage(t *testing.T, w *service.Writer, damaged string) service.SalvageReport {
	t.Helper()
	prepared, err := service.PrepareSalvage(t.Context(), damaged, w.Path())
	must(t, err)
	must(t, w.Salvage(t.Context(), prepared))
	report := prepared.Report()
	must(t, prepared.Close())
	return report
}

func page(data []byte, n int) []byte { return data[(n-1)*pageSize:][:pageSize] }

func testLogger(t *testing.T) *slog.Logger {
	t.Helper()
	return slog.New(slog.NewTextHandler(t.Output(), nil))
}
