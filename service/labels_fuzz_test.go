package service_test

import (
	"context"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/service"
)

// Whatever the names and labels, they are a bad name, which is said in a few words, or a series:
// the same handle for the same ones and another for others, and what is read is what was given.
//
//ci:fuzz 5000
func FuzzLabels(f *testing.F) {
	for _, seed := range [][6]string{
		{"wanctl_rtt_ms", "cable", "", "", "", ""},
		{"m", " {\"}☎", "c", "<&>", "a", "'\"\\☎\u2028\ufeff"},
		{"m:_9", "w", "a", "1", "A", "1"},
		{"m", "'; DROP TABLE series; --", "b", "'); DELETE FROM raw_samples; --", "a", "%"},
		{"m", "w", "a", "", "a", "2"},
		{"m", "w", "a", "\x00", "b", "\x7f\u0085"},
		{"m", "w", "a", "\xff", "b", "\xed\xa0\x80"},
		{"1m", "", "__name__", "x", "wan", "y"},
		{"m\n", "w\x00", "é", "x", "a-b", "y"},
		{strings.Repeat("m", 5000), strings.Repeat("w", 5000), strings.Repeat("a", 5000),
			strings.Repeat("v", 50_000), "b", ""},
	} {
		f.Add(seed[0], seed[1], seed[2], seed[3], seed[4], seed[5])
	}
	store := fuzzedStore{path: filepath.Join(f.TempDir(), "history.db")}
	f.Cleanup(func() { store.close(f) })
	f.Fuzz(func(t *testing.T, metric, wan, name1, value1, name2, value2 string) {
		labels := service.Labels{}
		for name, value := range map[string]string{name1: value1, name2: value2} {
			if name+value != "" {
				labels[name] = value
			}
		}
		store.check(t, metric, wan, labels)
	})
}

// fuzzedStore is a history that is replaced when it has many series.
type fuzzedStore struct {
	path    string
	writer  *service.Writer
	history *service.History
	uses    int
}

func (s *fuzzedStore) check(t *testing.T, metric, wan string, labels service.Labels) {
	t.Helper()
	s.open(t)
	handle, err := s.writer.Series(metric, wan, labels)
	if err != nil {
		const most = 2 << 10
		if !errors.Is(err, service.ErrName) || handle != nil || len(err.Error()) > most {
			t.Errorf("got %v and an error of %d bytes: %.500s, want %v", handle, len(err.Error()), err,
				service.ErrName)
		}
		return
	}
	if again, err := s.writer.Series(metric, wan, maps.Clone(labels)); err != nil || again != handle {
		t.Errorf("asked again, got %v, %v, want %v", again, err, handle)
	}
	for name, value := range labels {
		others := maps.Clone(labels)
		others[name] = "other " + strings.TrimPrefix(value, "other ")
		if other, err := s.writer.Series(metric, wan, others); err == nil &&
			(other == handle) != (others[name] == value) {
			t.Errorf("%q and %q have one handle", labels, others)
		}
	}
	sample := service.Sample{Series: handle, Time: time.Now().Truncate(time.Microsecond),
		Value: float64(s.uses)}
	if err := s.writer.Write(t.Context(), sample); err != nil {
		t.Fatal(err)
	}
	query := service.Query{
		Filter: service.Filter{Metrics: []string{metric}, WAN: wan, Labels: labels},
		From:   sample.Time, Until: sample.Time.Add(time.Microsecond),
	}
	found := 0
	for point, err := range s.history.Range(t.Context(), query) {
		if err != nil {
			t.Fatal(err)
		}
		found++
		if diff := cmp.Diff(labels, point.Labels); diff != "" || point.Metric != metric ||
			point.WAN != wan || point.Value != sample.Value {
			t.Errorf("got %v of %q and %q, want %v of %q and %q (-want +got):\n%s",
				point.Value, point.Metric, point.WAN, sample.Value, metric, wan, diff)
		}
	}
	if found != 1 {
		t.Errorf("%q, %q, %q: %d points, want the one that was written", metric, wan, labels, found)
	}
}

func (s *fuzzedStore) open(t *testing.T) {
	t.Helper()
	const most = 100
	if s.uses++; s.uses%most > 0 && s.writer != nil {
		return
	}
	s.close(t)
	var err error
	if s.writer, err = service.OpenWriter(context.Background(), service.Config{DBPath: s.path},
		quiet()); err != nil {
		t.Fatal(err)
	}
	if s.history, err = service.OpenHistory(context.Background(), s.path); err != nil {
		t.Fatal(err)
	}
}

// close checks the file and removes it.
func (s *fuzzedStore) close(t testing.TB) {
	t.Helper()
	if s.writer == nil {
		return
	}
	err := errors.Join(s.history.Close(), s.writer.Close(context.Background()), filetest.Check(s.path),
		os.Remove(s.path))
	if err != nil {
		t.Fatal(err)
	}
	s.writer = nil
}
