package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wanstore/wanstore/measure"
	"github.com/wanstore/wanstore/service"
)

func TestTable(t *testing.T) {
	var out bytes.Buffer
	lines := newTable(&out, left("NAME"), right("VALUE"), left("NOTE"))
	for _, row := range [][]string{{"µ", "1 ms", ""}, {"long name", "10 ms", "note"}, {"", "", ""}} {
		if err := lines.add(row...); err != nil {
			t.Fatal(err)
		}
	}
	if err := lines.end(); err != nil {
		t.Fatal(err)
	}
	want := "" +
		"NAME       VALUE  NOTE\n" +
		"µ           1 ms\n" +
		"long name  10 ms  note\n" +
		"\n"
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Error(diff)
	}
}

// Columns are aligned in the cells of a terminal, of which a character has none, one or two.
func TestTableWidths(t *testing.T) {
	var out bytes.Buffer
	lines := newTable(&out, left("WAN"), right("VALUE"), left("END"))
	for _, row := range [][]string{
		{"回線", "-1.500 ms", "|"},
		{"📡🛰️", "10.000 ms", "|"},
		{"Zu\u0308rich", "-123.000 µs", "|"},
		{"🇩🇪", "", "|"},
	} {
		if err := lines.add(row...); err != nil {
			t.Fatal(err)
		}
	}
	if err := lines.end(); err != nil {
		t.Fatal(err)
	}
	want := "" +
		"WAN           VALUE  END\n" +
		"回線      -1.500 ms  |\n" +
		"📡🛰️      10.000 ms  |\n" +
		"Zu\u0308rich  -123.000 µs  |\n" +
		"🇩🇪                   |\n"
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Error(diff)
	}
}

func TestClip(t *testing.T) {
	for _, c := range []struct {
		text  string
		width int
		want  string
	}{
		{"starlink", 8, "starlink"},
		{"starlink", 7, "starli…"},
		{"starlink", 1, "…"},
		{"starlink", 0, ""},
		{"回線回線", 8, "回線回線"},
		{"回線回線", 7, "回線回…"},
		{"回線回線", 6, "回線…"},
		{"", 0, ""},
	} {
		if got := clip(c.text, c.width); got != c.want {
			t.Errorf("%q in %d: got %q, want %q", c.text, c.width, got, c.want)
		}
	}
}

// Labels are JSON, and nothing in them moves the cursor or turns the text around.
func TestShowLabels(t *testing.T) {
	labels := service.Labels{"a": "<b>&\u0085\u009b2J", "c": "\u202e回線\x7f\x1b", "d": "\U000e0001"}
	want := `{"a":"<b>&\u0085\u009b2J","c":"\u202e回線\u007f\u001b","d":"\udb40\udc01"}`
	got := showLabels(labels)
	if got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	var read service.Labels
	if err := json.Unmarshal([]byte(got), &read); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(labels, read); diff != "" {
		t.Error(diff)
	}
}

// A long table is written batch by batch, and no batch is narrower than the one before it.
func TestTableBatches(t *testing.T) {
	var out bytes.Buffer
	lines := newTable(&out, left("N"), left("X"))
	for i := range 3*tableBatch + 7 {
		name := "short"
		if i == tableBatch/2 {
			name = "the longest name"
		}
		if err := lines.add(name, "x"); err != nil {
			t.Fatal(err)
		}
		if held := len(lines.rows); held >= tableBatch {
			t.Fatalf("%d rows are held back after %d", held, i)
		}
	}
	if err := lines.end(); err != nil {
		t.Fatal(err)
	}
	all := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
	if len(all) != 3*tableBatch+8 {
		t.Fatalf("%d lines", len(all))
	}
	for i, line := range all {
		if len(line) != len("the longest name  x") {
			t.Fatalf("line %d: %q", i, line)
		}
	}
}

func TestPrintable(t *testing.T) {
	for name, want := range map[string]string{
		"starlink":    "starlink",
		"Zürich 1":    "Zürich 1",
		"a\x1b[2Jb":   `"a\x1b[2Jb"`,
		"line\nbreak": `"line\nbreak"`,
	} {
		if got := printable(name); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

// The catalogue names the states as the measurement does.
func TestNamesOfStates(t *testing.T) {
	names := service.StateNames{}
	for state := measure.Green; state <= measure.Red; state++ {
		names[float64(state)] = state.String()
	}
	if diff := cmp.Diff(names, valueStyles(service.Metrics())[service.State].names); diff != "" {
		t.Errorf("names (-measured +catalogue):\n%s", diff)
	}
}

func TestNumbers(t *testing.T) {
	styles := valueStyles(service.Metrics())
	for _, c := range []struct{ got, want string }{
		{styles["wanctl_rtt_ms"].show(12.3456), "12.346 ms"},
		{styles["wanctl_rtt_ms"].show(0), "0.000 ms"},
		{styles["wanctl_rtt_ms"].show(0.00012345), "0.0001234 ms"},
		{styles["wanctl_state"].show(2), "2 SOFT_RED"},
		{styles["wanctl_state"].show(7), "7"},
		{styles["wanctl_state"].show(1.5), "1.5"},
		{styles["wanctl_steering_enabled"].show(1), "1 yes"},
		{styles["of_somebody_else"].show(1234567), "1234567"},
		{styles["of_somebody_else"].show(-0.25), "-0.25"},
		{styles["of_somebody_else"].show(1e20), "1e+20"},
		{exact(0.1), "0.1"},
		{exact(1e20), "100000000000000000000"},
		{exact(1e-9), "1e-09"},
		{size(0), "0 B"},
		{size(1023), "1023 B"},
		{size(1024), "1.0 KiB"},
		{size(1<<20 - 1), "1.0 MiB"},
		{size(5 << 40), "5.0 TiB"},
		{percent(2.0 / 3), "66.7 %"},
		{brief(1234), "1.23 µs"},
		{brief(123_456_789), "123 ms"},
		{brief(12_345_678_900), "12.3 s"},
		{brief(3_600_000_000_000), "1h"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}

// An array is one whatever its length, and is not closed by an error.
func TestJSONRows(t *testing.T) {
	for count := range 3 {
		var out bytes.Buffer
		list := newJSONRows(&out)
		var want []string
		for i := range count {
			if err := list.add(&pointRow{Metric: fmt.Sprint("<", i, ">")}); err != nil {
				t.Fatal(err)
			}
			want = append(want, fmt.Sprintf(`"metric_name":"<%d>"`, i))
		}
		if err := list.end(); err != nil {
			t.Fatal(err)
		}
		for _, part := range want {
			if !strings.Contains(out.String(), part) {
				t.Errorf("%s is not in %s", part, out.String())
			}
		}
		if lines := strings.Count(out.String(), "\n"); count > 0 && lines != count+2 {
			t.Errorf("%d lines:\n%s", lines, out.String())
		}
	}
}
