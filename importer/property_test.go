package importer_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/wanstore/wanstore/importer"
	"github.com/wanstore/wanstore/service"
)

// Data that grows from one import to the next, and is cut anywhere, is packed or not, has bad lines
// in it, and is imported by runs that are stopped anywhere, while the history ages: every row is
// stored once, as soon as it has a value.
func TestNothingLostNothingDoubled(t *testing.T) {
	clock := now
	// One file for all checks, each with a WAN of its own: they see the places of the others, too.
	s := newStoreAt(t, service.Config{RetentionDays: 365}, func() time.Time { return clock })
	history, err := service.OpenHistory(t.Context(), s.path)
	if err != nil {
		t.Fatal(err)
	}
	defer history.Close()
	path := filepath.Join(t.TempDir(), "a.csv")
	checks := 0
	rapid.Check(t, func(rt *rapid.T) {
		checks++
		data := drawData(rt, fmt.Sprintf("wan%d", checks), clock.Add(-5*time.Hour))
		for _, end := range data.cuts {
			text := data.text[:end]
			if rapid.Bool().Draw(rt, "packed") {
				text = compressed(t, text)
			}
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				rt.Fatal(err)
			}
			if !importDrawn(rt, s, path, end, importer.Options{}) {
				continue
			}
			data.check(rt, history, end)
			if rapid.IntRange(0, 2).Draw(rt, "ages") == 0 {
				clock = clock.Add(ageDrawn(rt))
				if _, err := s.writer.Maintain(context.Background()); err != nil {
					rt.Fatal(err)
				}
				data.check(rt, history, end)
			}
		}
	})
}

func ageDrawn(t *rapid.T) time.Duration {
	return time.Duration(rapid.IntRange(1, 300).Draw(t, "minutes")) * time.Minute
}

// Where a second file lies among the buckets of a first one, its rows are skipped or merged by runs
// that are stopped anywhere, while it grows and the history ages: in the end each is stored once.
func TestEachSkippedRowIsMergedOnce(t *testing.T) {
	clock := now
	s := newStoreAt(t, service.Config{RetentionDays: 365}, func() time.Time { return clock })
	path := filepath.Join(t.TempDir(), "a.csv")
	checks, skipped := 0, int64(0)
	rapid.Check(t, func(rt *rapid.T) {
		checks++
		wan := fmt.Sprintf("wan%d", checks)
		begins := clock.Add(-5 * time.Hour)
		first := drawData(rt, wan, begins)
		second := drawData(rt, wan, begins.Add(10*time.Second)) // within the same buckets
		take := func(text string, options importer.Options) {
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				rt.Fatal(err)
			}
			options.OnHeld = func(rows importer.HeldRows) { skipped += rows.Rows }
			importDrawn(rt, s, path, len(text), options)
			clock = clock.Add(ageDrawn(rt))
			if _, err := s.writer.Maintain(context.Background()); err != nil {
				rt.Fatal(err)
			}
		}
		before := s.count()
		take(first.text, importer.Options{})
		for _, end := range second.cuts {
			take(second.text[:end], importer.Options{Merge: rapid.Bool().Draw(rt, "merge")})
		}
		take(second.text, importer.Options{Merge: true})
		want := int64(len(first.values) + len(second.values))
		if got := s.count() - before; got != want {
			rt.Fatalf("%d rows are stored, want %d", got, want)
		}
	})
	if skipped == 0 {
		t.Error("no row was ever skipped")
	}
}

// importDrawn imports a file, in a run that may be stopped and one that may not. It returns false
// if the data ends within the header.
func importDrawn(t *rapid.T, s *store, path string, end int, options importer.Options) bool {
	options.SkipBad = true
	options = options.WithBatch(rapid.Int64Range(1, 20).Draw(t, "batch"))
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	left := rapid.IntRange(0, 5).Draw(t, "stop")
	stopping := options
	stopping.Progress = func(int64, int64) {
		if left--; left <= 0 {
			cancel()
		}
	}
	_, err := importer.CSV(ctx, s.writer, path, stopping)
	if err == nil || errors.Is(err, context.Canceled) {
		_, err = importer.CSV(context.Background(), s.writer, path, options)
	}
	if errors.Is(err, importer.ErrHeader) && end < len(header)-1 {
		return false
	}
	if err != nil {
		t.Fatalf("import of the first %d bytes: %v", end, err)
	}
	return true
}

// slot is the time between two rows: each has a bucket of its own in the tier that is asked.
const slot = 5 * time.Minute

// drawnData is a file of rows of one series.
type drawnData struct {
	wan    string
	first  time.Time
	text   string
	values []int // where the value of each row begins
	cuts   []int // how long the file is when it is imported; the last is its full length
}

func drawData(t *rapid.T, wan string, first time.Time) drawnData {
	d := drawnData{wan: wan, first: first}
	text := header
	junk := rapid.SampledFrom([]string{
		"\r\n\n", "bad\n", `1,"2` + "\n", "a\"b\n", "1,2,3,4,\"5\n\"\n",
		strings.Repeat("x", importer.MaxRecord+9) + "\r\n",
	})
	for n := range rapid.IntRange(1, 40).Draw(t, "rows") {
		if rapid.IntRange(0, 9).Draw(t, "is junk") == 0 {
			text += junk.Draw(t, "junk")
		}
		space := rapid.SampledFrom([]string{"", " ", "\n", "\r\n"}).Draw(t, "space")
		at := first.Add(time.Duration(n) * slot).UnixMilli()
		text += fmt.Sprintf("%d,%s,wanctl_rtt_ms,\"{%s\"\"a\"\":\"\"b\"\"}\",", at, wan, space)
		d.values = append(d.values, len(text))
		text += fmt.Sprintf("%d.5", n) + rapid.SampledFrom([]string{"\n", "\r\n"}).Draw(t, "end")
	}
	text = text[:len(text)-rapid.IntRange(0, 1).Draw(t, "open end")]
	d.text = text
	d.cuts = append(rapid.SliceOfN(rapid.IntRange(0, len(text)), 0, 4).Draw(t, "cuts"), len(text))
	slices.Sort(d.cuts)
	return d
}

// check compares what is stored with the rows that had at least a part of their value in the first
// bytes of the file.
func (d drawnData) check(t *rapid.T, history *service.History, end int) {
	want := 0
	for want < len(d.values) && d.values[want] < end {
		want++
	}
	query := service.Query{
		Filter: service.Filter{WAN: d.wan}, From: d.first, Until: d.first.Add(1000 * slot), Step: slot,
	}
	got := 0
	for point, err := range history.Range(context.Background(), query) {
		if err != nil {
			t.Fatal(err)
		}
		if point.Count != 1 {
			t.Fatalf("the row of %s is stored %d times", point.Time, point.Count)
		}
		got++
	}
	if got != want {
		t.Fatalf("%d rows are stored of the first %d bytes, want %d", got, end, want)
	}
}
