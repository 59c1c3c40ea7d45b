package importer_test

import (
	"compress/gzip"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/wanstore/wanstore/importer"
	"github.com/wanstore/wanstore/service"
)

// recorded returns the path of a recorded file, and skips the test where the recordings are absent.
func recorded(t testing.TB, name string) string {
	t.Helper()
	path := filepath.Join("..", "..", "shared", "data", name)
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		t.Skipf("the recorded data is not here: want %s", path)
	} else if err != nil {
		t.Fatal(err)
	}
	return path
}

func TestRecorded(t *testing.T) {
	const rows = 21_600
	path := recorded(t, "fjordlink_5g.csv.gz")
	clock := time.Date(2025, 3, 27, 10, 21, 0, 0, time.UTC)
	s := newStoreAt(t, service.Config{RetentionDays: 365}, func() time.Time { return clock })
	s.want(path, importer.Options{}, importer.Result{Read: rows, Stored: rows})
	s.wantCount(rows)
	clock = clock.AddDate(0, 0, 10)
	if _, err := s.writer.Maintain(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.want(path, importer.Options{}, importer.Result{Known: rows})
	s.wantCount(rows)
}

func TestRecordedIsTooOld(t *testing.T) {
	path := recorded(t, "fjordlink_starlink.csv.gz")
	s := newStore(t)
	if _, err := s.add(path, importer.Options{Now: now}); !errors.Is(err, importer.ErrAllTooOld) {
		t.Errorf("got %v, want that all rows are too old", err)
	}
	s.wantCount(0)
}

func BenchmarkRecorded(b *testing.B) {
	path := recorded(b, "fjordlink_starlink.csv.gz")
	plain := filepath.Join(b.TempDir(), "plain.csv")
	unpack(b, path, plain)
	clock := func() time.Time { return time.Date(2025, 1, 30, 22, 5, 0, 0, time.UTC) }
	for name, path := range map[string]string{"gz": path, "plain": plain} {
		b.Run(name, func(b *testing.B) {
			var read int64
			for b.Loop() {
				b.StopTimer()
				s := newStoreAt(b, service.Config{}, clock)
				b.StartTimer()
				result, err := importer.CSV(b.Context(), s.writer, path, importer.Options{})
				if err != nil {
					b.Fatal(err)
				}
				read += result.Read
			}
			b.ReportMetric(float64(read)/b.Elapsed().Seconds(), "rows/s")
		})
		b.Run("known/"+name, func(b *testing.B) {
			s := newStoreAt(b, service.Config{}, clock)
			if _, err := s.add(path, importer.Options{}); err != nil {
				b.Fatal(err)
			}
			var known int64
			for b.Loop() {
				result, err := importer.CSV(b.Context(), s.writer, path, importer.Options{})
				if err != nil {
					b.Fatal(err)
				}
				known += result.Known
			}
			b.ReportMetric(float64(known)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}

func unpack(b *testing.B, from, to string) {
	b.Helper()
	packed, err := os.Open(from)
	if err != nil {
		b.Fatal(err)
	}
	defer packed.Close()
	reader, err := gzip.NewReader(packed)
	if err != nil {
		b.Fatal(err)
	}
	text, err := io.ReadAll(reader)
	if err != nil {
		b.Fatal(err)
	}
	if err := os.WriteFile(to, text, 0o600); err != nil {
		b.Fatal(err)
	}
}
