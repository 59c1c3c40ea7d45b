package salvage

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wanstore/wanstore/importer"
	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/service"
)

// fill records so many samples of each of 8 series within an hour, with 18 bytes each.
func fill(t *testing.T, w *service.Writer, c *clock, from time.Time, count int) {
	t.Helper()
	random := rand.New(rand.NewPCG(1, uint64(from.Unix())))
	c.set(from.Add(time.Hour))
	var samples []service.Sample
	for n := range 8 {
		series, err := w.Series(service.RTT, fmt.Sprint("wan", n), nil)
		must(t, err)
		for i := range count {
			samples = append(samples, service.Sample{
				Series: series,
				Time: from.Add(time.Duration(i)*time.Hour/time.Duration(count) +
					time.Duration(n)*time.Microsecond),
				Value: random.Float64(),
			})
		}
	}
	must(t, w.Write(t.Context(), samples...))
	maintain(t, w)
}

// A history with a size cap keeps it while rows are taken, and gives up its oldest.
func TestSizeCap(t *testing.T) {
	const most = service.MinMaxSize
	p := pair{newClock(begin), filetest.Path(t), ""}
	w := open(t, p.path, p.c)
	fill(t, w, p.c, begin, 25_000)
	must(t, w.Close(t.Context()))
	damaged := p.damage(t, firstPage)
	var largest atomic.Int64
	w, err := service.OpenWriter(t.Context(),
		service.Config{DBPath: p.path, KeepRaw: 2 * time.Hour, MaxSize: most}, service.Options{
			Logger: testLogger(t), Now: p.c.now, TrustClock: true, NoMaintenance: true,
			Watchdog: func() {
				size := int64(0)
				for _, suffix := range []string{"", "-wal"} {
					if info, err := os.Stat(p.path + suffix); err == nil {
						size += info.Size()
					}
				}
				largest.Store(max(largest.Load(), size))
			},
		})
	must(t, err)
	t.Cleanup(func() { must(t, w.Close(context.Background())) })
	fill(t, w, p.c, begin.Add(time.Hour), 6000)
	t.Logf("%d bytes before", largest.Load())
	t.Log(salvage(t, w, damaged).Tiers)
	t.Logf("%d bytes at the most", largest.Load())
	if limit := int64(most) * 21 / 20; largest.Load() > limit {
		t.Errorf("file and WAL had %d bytes, more than %d", largest.Load(), limit)
	}
	if problems := w.Health(); len(problems) != 1 || problems[0].Reason == service.SizeCap {
		t.Errorf("health: %v, want the damaged file", problems)
	}
	must(t, filetest.Check(p.path))
}

// Series that come back are the history's own, however few new ones it may have.
func TestSeriesLimit(t *testing.T) {
	p := newPair(t)
	damaged := p.damage(t, firstPage)
	w, err := service.OpenWriter(t.Context(), service.Config{DBPath: p.path, MaxSeries: 1},
		service.Options{
			Logger: testLogger(t), Now: p.c.now, TrustClock: true, NoMaintenance: true,
		})
	must(t, err)
	maintain(t, w)
	salvage(t, w, damaged)
	must(t, w.Close(t.Context()))
	control := open(t, p.control, p.c)
	maintain(t, control)
	must(t, control.Close(t.Context()))
	p.same(t)
}

// Rows that an import has skipped can be taken once after a salvage, and not if that has happened
// before it.
func TestMergeAgain(t *testing.T) {
	c := newClock(begin.Add(3*time.Hour + time.Minute))
	add := func(t *testing.T, w *service.Writer, name, text string, merge bool) importer.Result {
		t.Helper()
		path := filepath.Join(t.TempDir(), name)
		must(t, os.WriteFile(path, []byte("timestamp_ms,wan,metric,labels_json,value\n"+text), 0o600))
		result, err := importer.CSV(t.Context(), w, path, importer.Options{Merge: merge})
		must(t, err)
		maintain(t, w)
		return result
	}
	rows := func(from, until int) string {
		var text strings.Builder
		for n := from; n < until; n++ {
			fmt.Fprintf(&text, "%d,w,%s,{},%d\n", begin.UnixMilli()+int64(n)*1000, service.RTT, n)
		}
		return text.String()
	}
	for name, before := range map[string]bool{"afterwards": false, "before": true} {
		t.Run(name, func(t *testing.T) {
			p := pair{c, filetest.Path(t), filetest.Path(t)}
			w := open(t, p.path, c)
			add(t, w, "a.csv", rows(0, 600), false)
			if skipped := add(t, w, "b.csv", rows(300, 700), false).Skipped.RolledUp; skipped != 300 {
				t.Fatalf("%d rows were skipped, want 300", skipped)
			}
			must(t, w.Close(t.Context()))
			damaged := p.damage(t, firstPage)
			w = open(t, p.path, c)
			maintain(t, w)
			if before {
				add(t, w, "c.csv", rows(300, 700), true)
			}
			salvage(t, w, damaged)
			want := int64(300)
			if before {
				want = 0
			}
			for range 2 {
				if got := add(t, w, "b.csv", rows(300, 700), true).Stored; got != want {
					t.Errorf("%d rows were stored, want %d", got, want)
				}
				want = 0
			}
			must(t, w.Close(t.Context()))
		})
	}
}

// An import that is run again takes nothing that comes back with the damaged file, neither
// afterwards nor before.
func TestImportAgain(t *testing.T) {
	var rows strings.Builder
	rows.WriteString("timestamp_ms,wan,metric,labels_json,value\n")
	for at := begin; at.Before(begin.Add(3 * time.Hour)); at = at.Add(10 * time.Second) {
		fmt.Fprintf(&rows, "%d,w,%s,{},%d\n%d,w,%s,{},%d\n", at.UnixMilli(), service.RTT, at.Unix()%77,
			at.UnixMilli(), service.State, at.Unix()/60%4)
	}
	source := filepath.Join(t.TempDir(), "rows.csv")
	must(t, os.WriteFile(source, []byte(rows.String()), 0o600))
	c := newClock(begin.Add(3*time.Hour + time.Minute))
	run := func(t *testing.T, w *service.Writer) {
		t.Helper()
		_, err := importer.CSV(t.Context(), w, source, importer.Options{})
		must(t, err)
		maintain(t, w)
	}
	for name, steps := range map[string]func(t *testing.T, w *service.Writer, damaged string){
		"afterwards": func(t *testing.T, w *service.Writer, damaged string) {
			t.Helper()
			salvage(t, w, damaged)
			run(t, w)
		},
		"before": func(t *testing.T, w *service.Writer, damaged string) {
			t.Helper()
			run(t, w)
			salvage(t, w, damaged)
		},
		"in between": func(t *testing.T, w *service.Writer, damaged string) {
			t.Helper()
			must(t, w.Close(t.Context()))
			take(t, w.Path(), c, damaged, 2)
			w = open(t, w.Path(), c)
			run(t, w)
			salvage(t, w, damaged)
			must(t, w.Close(t.Context()))
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := pair{c, filetest.Path(t), filetest.Path(t)}
			w := open(t, p.path, c)
			run(t, w)
			must(t, w.Close(t.Context()))
			must(t, filetest.CopyOpen(p.path, p.control))
			damaged := p.damage(t, firstPage)
			w = open(t, p.path, c)
			maintain(t, w)
			steps(t, w, damaged)
			must(t, w.Close(t.Context()))
			control := open(t, p.control, c)
			maintain(t, control)
			must(t, control.Close(t.Context()))
			p.same(t)
		})
	}
}

// What was said of a metric comes back, unless something else is said now.
func TestMetadata(t *testing.T) {
	p := pair{newClock(begin), filetest.Path(t), filetest.Path(t)}
	describe := func(path string, metrics ...service.Metric) {
		w, err := service.OpenWriter(t.Context(), service.Config{DBPath: path}, service.Options{
			Logger: testLogger(t), Now: p.c.now, TrustClock: true, NoMaintenance: true, Metrics: metrics,
		})
		must(t, err)
		record(t, w, p.c, begin, begin.Add(10*time.Minute))
		must(t, w.Close(t.Context()))
	}
	describe(p.path, described("first", "was"), described("second", "was"))
	damaged := p.damage(t, firstPage)
	describe(p.path, described("second", "is"))
	w := open(t, p.path, p.c)
	p.c.set(begin.Add(20 * time.Minute))
	maintain(t, w)
	salvage(t, w, damaged)
	must(t, w.Close(t.Context()))
	h, err := service.OpenHistory(t.Context(), p.path)
	must(t, err)
	defer func() { must(t, h.Close()) }()
	said := map[string]string{}
	metrics, err := h.Metrics(t.Context())
	must(t, err)
	for _, m := range metrics {
		said[m.Name] = m.Help
	}
	if said["first"] != "was" || said["second"] != "is" {
		t.Errorf("%q", said)
	}
}

func described(name, help string) service.Metric {
	return service.Metric{Name: name, Aggregation: service.Average, Help: help}
}
