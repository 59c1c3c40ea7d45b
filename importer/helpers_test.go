package importer_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/wanstore/wanstore/importer"
	"github.com/wanstore/wanstore/service"
)

const header = "timestamp_ms,wan,metric,labels_json,value\n"

// now is the clock of the tests, and begin the time of their first row.
var (
	now   = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	begin = now.Add(-30 * time.Minute)
)

// rows returns CSV rows with the numbers [from, until), each of its own moment, in three series.
func rows(from, until int) string {
	var text strings.Builder
	for n := from; n < until; n++ {
		text.WriteString(row(n))
	}
	return text.String()
}

func row(n int) string {
	labels := [...]string{`{}`, `"{""tech"":""5G NSA""}"`, `"{""tech"":"""",""cell"":""a,b""}"`}
	return fmt.Sprintf("%d,wan0,wanctl_rtt_ms,%s,%d.5\n", begin.UnixMilli()+int64(n), labels[n%3], n)
}

// store is a history file of a test.
type store struct {
	t      testing.TB
	path   string
	writer *service.Writer
}

func newStore(t testing.TB) *store {
	t.Helper()
	return newStoreAt(t, service.Config{}, func() time.Time { return now })
}

func newStoreAt(t testing.TB, config service.Config, clock func() time.Time) *store {
	t.Helper()
	config.DBPath = filepath.Join(t.TempDir(), "metrics.db")
	writer, err := service.OpenWriter(t.Context(), config, service.Options{
		Logger: slog.New(slog.DiscardHandler), Now: clock, TrustClock: true, NoMaintenance: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	s := &store{t: t, path: config.DBPath, writer: writer}
	t.Cleanup(s.close)
	return s
}

// in returns the store for a part of the test.
func (s *store) in(t testing.TB) *store {
	t.Helper()
	return &store{t: t, path: s.path, writer: s.writer}
}

// close closes the file and checks that it is whole.
func (s *store) close() {
	ctx := context.Background()
	if err := s.writer.Close(ctx); err != nil {
		s.t.Error(err)
	}
	history, err := service.OpenHistory(ctx, s.path)
	if err != nil {
		s.t.Error(err)
		return
	}
	defer history.Close()
	status, err := history.Status(ctx)
	if err != nil || status.Check != "ok" {
		s.t.Errorf("the file after the test: %q, %v", status.Check, err)
	}
}

// add imports a file with the given options and returns what was done.
func (s *store) add(path string, options importer.Options) (importer.Result, error) {
	s.t.Helper()
	result, err := importer.CSV(s.t.Context(), s.writer, path, options)
	if sum := result.Stored + result.Duplicate + result.Refused.Total(); sum != result.Read {
		s.t.Errorf("%d rows read, but %d stored, duplicate or refused", result.Read, sum)
	}
	return result, err
}

// want imports a file, which must succeed with the given result.
func (s *store) want(path string, options importer.Options, want importer.Result) {
	s.t.Helper()
	got, err := s.add(path, options)
	if err != nil {
		s.t.Fatal(err)
	}
	if got != want {
		s.t.Errorf("import of %s: got %+v, want %+v", filepath.Base(path), got, want)
	}
}

// count returns the number of samples in the file.
func (s *store) count() int64 {
	s.t.Helper()
	var count int64
	for _, summary := range s.summaries() {
		count += summary.Count
	}
	return count
}

func (s *store) wantCount(want int64) {
	s.t.Helper()
	if got := s.count(); got != want {
		s.t.Errorf("%d samples in the file, want %d", got, want)
	}
}

// summaries returns those of everything.
func (s *store) summaries() []service.Summary {
	s.t.Helper()
	history, err := service.OpenHistory(context.Background(), s.path)
	if err != nil {
		s.t.Fatal(err)
	}
	defer history.Close()
	list, err := history.Summarize(context.Background(),
		service.Query{From: time.Unix(0, 0), Until: now.AddDate(1, 0, 0)})
	if err != nil {
		s.t.Fatal(err)
	}
	return list
}

// marks returns how many places the file remembers.
func (s *store) marks() int {
	s.t.Helper()
	imports, err := s.writer.Imports(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	return len(imports.Marks)
}

// write writes a file and returns its path.
func write(t testing.TB, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// grow adds to a file.
func grow(t testing.TB, path, text string) {
	t.Helper()
	file, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, err = file.WriteString(text)
	if err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
}

func compressed(t testing.TB, text string) string {
	t.Helper()
	var packed bytes.Buffer
	writer := gzip.NewWriter(&packed)
	if _, err := writer.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	return packed.String()
}

// input makes text the standard input of the test, and the temporary directory one that must be
// empty in the end.
func input(t *testing.T, text string) {
	t.Helper()
	reader := pipeInput(t)
	go func() {
		_, _ = reader.WriteString(text)
		_ = reader.Close()
	}()
}

// pipeInput makes a pipe the standard input of the test and returns the other end.
func pipeInput(t *testing.T) *os.File {
	t.Helper()
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	directory := t.TempDir()
	t.Setenv("TMPDIR", directory)
	stdin := os.Stdin
	os.Stdin = reader
	t.Cleanup(func() {
		os.Stdin = stdin
		_ = writer.Close()
		_ = reader.Close()
		if left, err := os.ReadDir(directory); err != nil || len(left) > 0 {
			t.Errorf("left in the temporary directory: %v, %v", left, err)
		}
	})
	return writer
}
