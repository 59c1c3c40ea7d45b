// Package format reads a history as another program would, by what docs/FORMAT.md says and nothing
// else.
package format

import (
	"bytes"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/wanstore/wanstore/service"
)

// The check value of every row is what the page says, worked out by the Python that stands there.
func TestCheckValues(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("python3 is not there")
	}
	check := exec.CommandContext(t.Context(), python, "-", makeHistory(t))
	check.Stdin = strings.NewReader(documentedCode(t) + readFile(t, "check.py"))
	var complaints bytes.Buffer
	check.Stderr = &complaints
	printed, err := check.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, complaints.String())
	}
	for line := range strings.Lines(string(printed)) {
		var table string
		var rows, sound int
		if _, err := fmt.Sscan(line, &table, &rows, &sound); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		if rows == 0 || sound != rows {
			t.Errorf("%s: %d of %d rows have their check values", table, sound, rows)
		}
	}
}

// documentedCode is the Python of docs/FORMAT.md.
func documentedCode(t *testing.T) string {
	t.Helper()
	var code strings.Builder
	for i, part := range strings.Split(readFile(t, "../../docs/FORMAT.md"), "```python\n") {
		block, _, ended := strings.Cut(part, "```\n")
		if i > 0 && ended {
			code.WriteString(block)
		}
	}
	if code.Len() == 0 {
		t.Fatal("docs/FORMAT.md has no Python")
	}
	return code.String()
}

func readFile(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.FromSlash(name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// makeHistory returns the path of a history that has rows in every table that anything writes.
func makeHistory(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "history.db")
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	writer, err := service.OpenWriter(t.Context(), service.Config{DBPath: path}, service.Options{
		Logger: slog.New(slog.DiscardHandler), Now: func() time.Time { return now }, TrustClock: true,
		NoMaintenance: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	rtt, state := series(t, writer, service.RTT), series(t, writer, service.State)
	var samples []service.Sample
	for i := range 100 {
		at := now.Add(time.Duration(i-100) * 10 * time.Second)
		samples = append(samples,
			service.Sample{Series: rtt, Time: at, Value: 20 + float64(i)/8},
			service.Sample{Series: state, Time: at, Value: 1})
	}
	late := service.Sample{Series: rtt, Time: now.Add(-15 * time.Second), Value: -0.5}
	for _, batch := range [][]service.Sample{samples, {late}} {
		if err := writer.Write(t.Context(), batch...); err != nil {
			t.Fatal(err)
		}
	}
	importOne(t, writer, rtt, now)
	if _, err := writer.Maintain(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := writer.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	return path
}

func series(t *testing.T, writer *service.Writer, metric string) *service.Series {
	t.Helper()
	s, err := writer.Series(metric, "fibre", nil)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// importOne leaves a row in imports.
func importOne(t *testing.T, writer *service.Writer, into *service.Series, at time.Time) {
	t.Helper()
	imports, err := writer.Imports(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	run := writer.BeginImport(imports, "data.csv", service.ImportMark{})
	reached := service.ImportMark{Format: service.ImportCSV, Bytes: 10, Lines: 1,
		Hash: []byte{1, 2, 3}, Source: "data.csv"}
	sample := service.ImportedSample{Sample: service.Sample{Series: into, Time: at, Value: 1e-300}}
	if _, err := run.Store(t.Context(), []service.ImportedSample{sample}, reached); err != nil {
		t.Fatal(err)
	}
}
