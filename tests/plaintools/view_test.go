package plaintools

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/wanstore/wanstore/service"
)

// row is what the view metrics shows of a sample or bucket, without its id.
type row struct {
	Timestamp   int64
	WAN, Metric string
	Value       float64
	Labels      string // JSON, or nothing
	Granularity string
	Count       int64
}

// UnmarshalJSON reads a row from a list of its cells.
func (r *row) UnmarshalJSON(text []byte) error {
	var labels *string
	cells := []any{&r.Timestamp, &r.WAN, &r.Metric, &r.Value, &labels, &r.Granularity, &r.Count}
	if err := json.Unmarshal(text, &cells); err != nil {
		return err
	}
	if labels != nil {
		r.Labels = *labels
	}
	return nil
}

// sorted puts rows into an order that the last bit of an average has no part in.
func sorted(rows []row) []row {
	slices.SortFunc(rows, func(a, b row) int {
		return cmp.Or(cmp.Compare(a.Timestamp, b.Timestamp), cmp.Compare(a.WAN, b.WAN),
			cmp.Compare(a.Metric, b.Metric), cmp.Compare(a.Labels, b.Labels),
			cmp.Compare(a.Granularity, b.Granularity), cmp.Compare(a.Value, b.Value))
	})
	return rows
}

// productRows are the rows that the product shows.
func productRows(t *testing.T, path string) []row {
	t.Helper()
	h, err := service.OpenHistory(t.Context(), path)
	must(t, err)
	defer h.Close()
	var rows []row
	for point, err := range h.Range(t.Context(), everything()) {
		must(t, err)
		one := row{
			Timestamp: point.Time.Unix(), WAN: point.WAN, Metric: point.Metric, Value: point.Value,
			Granularity: point.Granularity.String(), Count: point.Count,
		}
		if len(point.Labels) > 0 {
			labels, err := json.Marshal(point.Labels)
			must(t, err)
			one.Labels = string(labels)
		}
		rows = append(rows, one)
	}
	return sorted(rows)
}

// compareTotals compares how many rows and samples the shell sees in the view with what the product
// shows.
func compareTotals(t *testing.T, s shell, path string) {
	t.Helper()
	if t.Failed() {
		return // the product may not even open the file
	}
	samples := int64(0)
	rows := productRows(t, path)
	for _, one := range rows {
		samples += one.Count
	}
	want := fmt.Sprintf("%d|%d\n", len(rows), samples)
	got := s.run(t, path, "SELECT count(*), sum(count) FROM metrics;")
	if got != want {
		t.Errorf("the shell sees %srows and samples, want %s", got, want)
	}
}

// foreignRows are the rows that another program prints, each a list of cells in JSON.
func foreignRows(t *testing.T, program string, args ...string) []row {
	t.Helper()
	command := exec.CommandContext(t.Context(), program, args...)
	var complaints bytes.Buffer
	command.Stderr = &complaints
	printed, err := command.Output()
	if err != nil {
		t.Fatalf("%s: %v: %s", program, err, complaints.String())
	}
	var rows []row
	lines := json.NewDecoder(bufio.NewReader(bytes.NewReader(printed)))
	for {
		var one row
		err := lines.Decode(&one)
		if errors.Is(err, io.EOF) {
			return sorted(rows)
		}
		must(t, err)
		rows = append(rows, one)
	}
}

// pythonReads has Python's own library print the view.
const pythonReads = `
import json, sqlite3, sys
from urllib.parse import quote
file = sqlite3.connect("file:" + quote(sys.argv[1]) + "?mode=ro", uri=True, timeout=5)
for row in file.execute("""
    SELECT timestamp, wan_name, metric_name, value, labels, granularity, count
    FROM metrics ORDER BY id"""):
    print(json.dumps(row))
`

// python is a program that prints the view of a file.
func python(t *testing.T) []string {
	t.Helper()
	program, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("python3 is not there")
	}
	const asks = "import sqlite3; print(sqlite3.sqlite_version_info >= (3, 40))"
	version, err := exec.CommandContext(t.Context(), program, "-c", asks).CombinedOutput()
	if err != nil || strings.TrimSpace(string(version)) != "True" {
		t.Skipf("python3 has no SQLite of 3.40 or newer: %v: %s", err, version)
	}
	return []string{program, "-c", pythonReads}
}

// otherDriver is a program that prints the view of a file, with another driver.
func otherDriver(t *testing.T) []string {
	t.Helper()
	const folder = "../otherdriver"
	load := exec.CommandContext(t.Context(), "go", "mod", "download")
	load.Dir = folder
	if output, err := load.CombinedOutput(); err != nil {
		t.Skipf("the other driver cannot be had here: %v: %s", err, output)
	}
	program := filepath.Join(t.TempDir(), "otherdriver")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", program, ".")
	build.Dir = folder
	build.Env = append(build.Environ(), "CGO_ENABLED=0")
	if output, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v: %s", err, output)
	}
	return []string{program}
}

// Programs that know nothing of wanstore read the view, at rest and beside a recorder between two
// batches, and get the rows that the product shows.
func TestOthersReadTheView(t *testing.T) {
	for name, find := range map[string]func(*testing.T) []string{
		"python": python, "another driver": otherDriver,
	} {
		t.Run(name, func(t *testing.T) {
			program := find(t)
			t.Run("at rest", func(t *testing.T) {
				w := atRest(t)
				goOn(t, w.path, &w.oracle, 0) // so that there are new samples, too
				compareRows(t, w.path, program)
				checkFile(t, w.path, &w.oracle, 2*maintainEvery, 2*maintainEvery)
			})
			t.Run("beside a recorder", func(t *testing.T) {
				w := beside(t)
				for range 2 {
					w.recorder.await(t, 4)
					w.recorder.gate.Lock()
					compareRows(t, w.path, program)
					w.recorder.gate.Unlock()
				}
				w.finish(t)
			})
		})
	}
}

func compareRows(t *testing.T, path string, program []string) {
	t.Helper()
	want := productRows(t, path)
	got := foreignRows(t, program[0], append(slices.Clone(program[1:]), path)...)
	if diff := gocmp.Diff(want, got, cmpopts.EquateApprox(1e-12, 0)); diff != "" {
		t.Errorf("the view (-product +other):\n%.2000s", diff)
	}
}
