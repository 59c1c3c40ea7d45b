package service_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/service"
)

// fuzzedNow is the clock of the writer of a damaged history: nothing is due but what was due when
// it was made.
var fuzzedNow = time.Date(2025, 3, 1, 12, 0, 0, 0, time.UTC)

const fuzzedRaw = 10 * time.Minute

// writtenLater is the metric that is recorded into a damaged history.
const writtenLater = "written_later"

// longestFuzzed is the most time for what takes some milliseconds.
const longestFuzzed = 30 * time.Second

// Whatever has happened to the bytes of a history, nobody who opens, reads, writes or maintains it
// panics or waits for ever: it works, or fails with a documented error. What is read is what was
// written. What Write accepts is there afterwards, unless the file is found damaged then.
//
//ci:fuzz 250
func FuzzDamagedHistory(f *testing.F) {
	sound, written := soundHistory(f)
	f.Add([]byte(nil), uint16(0))
	for _, cut := range []int{1, 511, 512, 513, len(sound) / 2, len(sound) - 99, len(sound) - 1} {
		f.Add([]byte(nil), uint16(cut))
	}
	// the header
	for _, place := range []int{0, 17, 18, 19, 20, 21, 31, 35, 39, 43, 47, 51, 55, 59, 63, 67, 71, 95,
		99} {
		f.Add(filetest.Patch(place, ^sound[place]), uint16(0))
		f.Add(filetest.Patch(place, sound[place]^1), uint16(0))
	}
	if place := bytes.Index(sound, []byte("hash")); place >= 0 { // a column that statements name
		f.Add(filetest.Patch(place, 'H'+1), uint16(0))
	}
	for page := 1; page < len(sound)/512; page += 2 {
		at := page * 512
		f.Add(filetest.Patch(at+256+7*page%200, 0x7f), uint16(0)) // content
		switch page % 3 {
		case 0:
			f.Add(filetest.Patch(at, sound[at]^7), uint16(0)) // another kind of page
		case 1:
			f.Add(filetest.Patch(at+8, 0, 0, 0, byte(page+1)), uint16(0)) // a child, or the first cell
		case 2:
			f.Add(filetest.Patch(at+400, 0xff, 0xf0, 0xff, 0xff), uint16(0)) // content, not a number perhaps
		}
	}
	f.Fuzz(func(t *testing.T, recipe []byte, cut uint16) {
		path := filepath.Join(t.TempDir(), "history.db")
		if err := os.WriteFile(path, filetest.Damage(sound, recipe, cut), 0o600); err != nil {
			t.Fatal(err)
		}
		// or it is taken for a copy that is not complete
		if err := os.Chtimes(path, fuzzedNow, fuzzedNow); err != nil {
			t.Fatal(err)
		}
		hung := time.AfterFunc(2*longestFuzzed, func() { panic("it takes for ever") })
		defer hung.Stop()
		ctx, cancel := context.WithTimeout(t.Context(), longestFuzzed)
		defer cancel()

		got, err := readAll(ctx, path)
		checkDamage(t, "read", err)
		mustHaveBeenWritten(t, got, written)
		at, err := recordInto(ctx, path)
		checkDamage(t, "write", err)
		if err != nil {
			return
		}
		got, err = readAll(ctx, path)
		checkDamage(t, "read what was written", err)
		mustHaveBeenWritten(t, got, written)
		if err == nil && !hasPoint(got, at) {
			t.Errorf("the sample of %s was accepted and is gone", at)
		}
	})
}

// mustHaveBeenWritten fails the test if a point is none of those that were written.
func mustHaveBeenWritten(t *testing.T, got, written []service.Point) {
	t.Helper()
	times := map[string]int{}
	for _, point := range written {
		times[fmt.Sprint(point)]++
	}
	for _, point := range got {
		if point.Metric == writtenLater {
			continue
		}
		if times[fmt.Sprint(point)]--; times[fmt.Sprint(point)] < 0 {
			t.Errorf("read what was never written: %+v", point)
		}
	}
}

// soundHistory returns the bytes of a history with something in every table, and all that can be
// read there.
func soundHistory(f *testing.F) ([]byte, []service.Point) {
	f.Helper()
	path := filetest.Path(f)
	options := quiet()
	options.Now = func() time.Time { return fuzzedNow }
	w, err := service.OpenWriter(f.Context(), service.Config{DBPath: path, KeepRaw: fuzzedRaw},
		options)
	if err != nil {
		f.Fatal(err)
	}
	for n, labels := range []service.Labels{nil, {"a": "b"}} {
		for _, metric := range []string{service.RTT, service.State} {
			series, err := w.Series(metric, "cable", labels)
			if err != nil {
				f.Fatal(err)
			}
			for age := time.Minute; age < 3*time.Hour; age += 9 * time.Minute {
				sample := service.Sample{Series: series, Time: fuzzedNow.Add(-age),
					Value: float64(int(age/time.Minute)*n%4) + 0.5}
				if err := w.Write(f.Context(), sample); err != nil {
					f.Fatal(err)
				}
			}
		}
	}
	if _, err := w.Maintain(f.Context()); err != nil {
		f.Fatal(err)
	}
	imports, err := w.Imports(f.Context())
	if err != nil {
		f.Fatal(err)
	}
	mark := service.ImportMark{Format: service.ImportCSV, Bytes: 1, Lines: 1, Hash: make([]byte, 32)}
	if _, err := w.BeginImport(imports, "somewhere", service.ImportMark{}).Store(f.Context(), nil,
		mark); err != nil {
		f.Fatal(err)
	}
	if err := w.Close(f.Context()); err != nil {
		f.Fatal(err)
	}
	points, err := readAll(f.Context(), path)
	if err != nil {
		f.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	return data, points
}

// readAll reads a history in several ways, and returns the points of each tier, also where the file
// is then found damaged.
func readAll(ctx context.Context, path string) (points []service.Point, err error) {
	h, err := service.OpenHistory(ctx, path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, h.Close()) }()
	query := service.Query{From: time.Unix(0, 0), Until: fuzzedNow.AddDate(1, 0, 0)}
	for _, only := range []service.Granularity{service.Raw, service.Minute, service.FiveMinutes,
		service.Hour} {
		tier := query
		tier.Only = &only
		for point, err := range h.Range(ctx, tier) {
			if err != nil {
				return points, err
			}
			points = append(points, point)
		}
	}
	for _, err := range h.Range(ctx, query) {
		if err != nil {
			return points, err
		}
	}
	for _, step := range []time.Duration{time.Minute, 10 * time.Minute, time.Hour} {
		query.Step = step
		if _, err := h.Page(ctx, query, 10_000, 0); err != nil {
			return points, err
		}
	}
	if _, err := h.Latest(ctx, service.Filter{}); err != nil {
		return points, err
	}
	if _, err := h.Summarize(ctx, query); err != nil {
		return points, err
	}
	status, err := h.Status(ctx)
	if err == nil && status.Check != "ok" {
		err = service.ErrDamaged
	}
	return points, err
}

// recordInto opens a history for writing, records one sample, maintains and closes it.
func recordInto(ctx context.Context, path string) (at time.Time, err error) {
	options := quiet()
	options.Now = func() time.Time { return fuzzedNow }
	w, err := service.OpenWriter(ctx, service.Config{DBPath: path, KeepRaw: fuzzedRaw}, options)
	if err != nil {
		return at, err
	}
	defer func() { err = errors.Join(err, w.Close(ctx)) }()
	series, err := w.Series(writtenLater, "cable", nil)
	if err != nil {
		return at, err
	}
	at = fuzzedNow.Add(-time.Second)
	if err := w.Write(ctx, service.Sample{Series: series, Time: at, Value: 1}); err != nil {
		return at, err
	}
	report, err := w.Maintain(ctx)
	return at, errors.Join(err, report.Err)
}

func hasPoint(points []service.Point, at time.Time) bool {
	for _, p := range points {
		if p.Metric == writtenLater && p.Time.Equal(at) && p.Value == 1 {
			return true
		}
	}
	return false
}

// checkDamage lets the errors of a file through that is no sound history.
func checkDamage(t *testing.T, what string, err error) {
	t.Helper()
	if err == nil {
		return
	}
	for _, documented := range []error{
		service.ErrDamaged, service.ErrNotDatabase, service.ErrForeign, service.ErrIncomplete,
		service.ErrTooNew, service.ErrEmpty,
		service.ErrTooOld, service.ErrAggregation, service.ErrConfig, fs.ErrNotExist,
	} {
		if errors.Is(err, documented) {
			return
		}
	}
	t.Errorf("%s: error %v is none of those that are documented", what, err)
}
