package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wanstore/wanstore/internal/filetest"
)

// Of buckets that keep no sketch nothing is said: "-", null, an empty cell, and a shade that
// reaches the greatest sample.
func TestNoQuantiles(t *testing.T) {
	folder := t.TempDir()
	db, file := filepath.Join(folder, "wan.db"), filepath.Join(folder, "two.csv")
	text := "timestamp_ms,wan,metric,labels_json,value\n" +
		"1738231200000,w,wanctl_rtt_ms,{},10\n1738231260000,w,wanctl_rtt_ms,{},20\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	commandOutput(t, "import", "--db", db, "--now", "2025-01-30T10:30:00Z", file)
	commandOutput(t, "maintain", "--db", db, "--now", "2025-01-30T13:00:00Z")
	wantPlotted(t, db, "shade: min to p95\n")

	filetest.Exec(t, db, "DELETE FROM sketches WHERE id % 1000000000 = 28970520")
	wantPlotted(t, db, "shade: min to p95, or to max where there is no p95\n")
	for args, want := range map[string][]string{
		"history --format csv":     {",1m,\n", ",1m,20\n"},
		"history --json":           {`"p50":null}`, `"p50":20}`},
		"history":                  {"10.000 ms          -      1", "20.000 ms  20.000 ms      1"},
		"history --summary":        {"20.00    -  20.00"},
		"history --step 1h --json": {`"p50":null}`},
	} {
		words := append(strings.Fields(args), "--db", db, "--quantiles", "0.5")
		got := commandOutput(t, append(words, "--from", "2025-01-30T10:00:00Z", "--utc")...)
		for _, one := range want {
			if !strings.Contains(got, one) {
				t.Errorf("%s: no %q in:\n%s", args, one, got)
			}
		}
	}
	got := commandOutput(t, "export", "--db", db, "--granularity", "1m")
	if !strings.Contains(got, ",1m,,,\n") || !strings.Contains(got, ",1m,20,20,20\n") {
		t.Errorf("exported is:\n%s", got)
	}

	filetest.Exec(t, db, "DELETE FROM sketches")
	wantPlotted(t, db, "shade: min to max\n")
}

func wantPlotted(t *testing.T, db, caption string) {
	t.Helper()
	t.Setenv("COLUMNS", "200")
	got := commandOutput(t, "history", "--db", db, "--from", "2025-01-30T10:00:00Z",
		"--to", "2025-01-30T10:05:00Z", "--step", "1m", "--utc", "--plot")
	if !strings.Contains(got, caption) {
		t.Errorf("no %q in:\n%s", caption, got)
	}
}
