package main

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rivo/uniseg"
	"pgregory.net/rapid"

	"github.com/wanstore/wanstore/internal/clock"
	"github.com/wanstore/wanstore/service"
)

// commandOutput executes a command line in this process and returns what it prints.
func commandOutput(t *testing.T, args ...string) string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	root := newRoot()
	root.SetOut(&stdout)
	root.SetErr(&stderr)
	if code := execute(t.Context(), root, args); code != exitOK {
		t.Fatalf("%v: exit code %d: %s", args, code, stderr.String())
	}
	return stdout.String()
}

// Whatever the values and however wide the screen, no line is wider, and all axes stand under one
// another.
func TestPlotFits(t *testing.T) {
	folder := t.TempDir()
	db, file := filepath.Join(folder, "wan.db"), filepath.Join(folder, "odd.csv")
	if err := os.WriteFile(file, []byte(oddSeries()), 0o600); err != nil {
		t.Fatal(err)
	}
	commandOutput(t, "import", "--db", db, "--now", "2025-01-30T12:00:00Z", "--mode", "many", file)
	for _, span := range []string{"1ms", "1s", "7m", "2h", "40d"} {
		for _, width := range []int{1, 20, 21, 37, 80, 499, 100000} {
			t.Run(fmt.Sprint(span, " in ", width), func(t *testing.T) {
				t.Setenv("COLUMNS", strconv.Itoa(width))
				text := commandOutput(t, "history", "--db", db, "--last", span, "--now", "2025-01-30T12:00:00Z",
					"--utc", "--plot")
				checkLayout(t, text, min(max(width, narrowest), widest))
			})
		}
	}
}

// oddSeries returns series that are hard to draw, all with a sample just before 12:00.
func oddSeries() string {
	const last int64 = 1738238399999
	var text strings.Builder
	text.WriteString("timestamp_ms,wan,metric,labels_json,value\n")
	for i := range 100 {
		at := last - int64(99-i)*70_000
		sign := float64(1 - i%2*2)
		for name, value := range map[string]float64{
			"flat":    -7.25,
			"zero":    0,
			"huge":    sign * service.MaxValue,
			"largest": service.MaxValue,
			"tiny":    sign * math.SmallestNonzeroFloat64,
			"close":   1e15 + float64(i)/8,
			"counter": 123456789012 + float64(i),
			"below":   -1e-7 * float64(i),
			"many":    float64(i) * 1.5,
		} {
			fmt.Fprintf(&text, "%d,回線 📡 long enough to be cut off,%s,{},%g\n", at, name, value)
		}
	}
	fmt.Fprintf(&text, "%d,w,single,{},5\n", last)
	return text.String()
}

func checkLayout(t *testing.T, text string, width int) {
	t.Helper()
	axis := -1
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if got := uniseg.StringWidth(line); got > width {
			t.Errorf("%d wide, want %d: %q", got, width, line)
		}
		if strings.Contains(line, "\x1b") || strings.Contains(line, "NaN") ||
			strings.Contains(line, "Inf") {
			t.Errorf("%q", line)
		}
		before, _, found := strings.Cut(line, "┤")
		if !found {
			continue
		}
		if axis < 0 {
			axis = uniseg.StringWidth(before)
		}
		if got := uniseg.StringWidth(before); got != axis {
			t.Errorf("axis at %d, want %d: %q", got, axis, line)
		}
	}
	if axis < 0 || strings.Count(text, "┤") < 10 {
		t.Errorf("drawn is:\n%s", text)
	}
}

// A chart has as many lines as its scale has rows, and each column shows its own values and no
// others.
func TestChart(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		columns := make([]cell, rapid.IntRange(1, 30).Draw(t, "width"))
		some := false
		for i := range columns {
			if rapid.Bool().Draw(t, "gap") {
				continue
			}
			a := rapid.Float64Range(-service.MaxValue, service.MaxValue).Draw(t, "a")
			b := rapid.Float64Range(0, 1).Draw(t, "b")
			columns[i] = cell{count: 1, value: a, min: a - b, max: a + b}
			some = true
		}
		if !some {
			t.Skip("nothing to draw")
		}
		s := scaleOf(columns, rapid.IntRange(lowestChart-1, highestChart-1).Draw(t, "rows"))
		lines := chart(columns, s, widestMargin, false)
		if len(lines) != s.rows+1 {
			t.Fatalf("%d lines for %d rows", len(lines), s.rows)
		}
		for c, column := range columns {
			for i, line := range lines {
				row := float64(s.rows - i)
				inside := column.count > 0 && s.height(column.min)-0.5 <= row && row <= s.height(column.max)+0.5
				mark := cellOf(line, widestMargin+2+c)
				if inside && math.Round(s.height(column.value)) == row && mark == ' ' {
					t.Fatalf("column %d lacks its value in row %v:\n%s", c, row, strings.Join(lines, "\n"))
				}
				if mark == '░' && !inside || column.count == 0 && mark != ' ' {
					t.Fatalf("column %d has %q in row %v:\n%s", c, mark, row, strings.Join(lines, "\n"))
				}
			}
		}
	})
}

func cellOf(line string, at int) rune {
	if runes := []rune(line); at < len(runes) {
		return runes[at]
	}
	return ' '
}

// Colours come beside the letters, not instead of them, and do not outlast the line.
func TestRibbonColours(t *testing.T) {
	states := &track{Point: service.Point{Metric: service.State}}
	for i, value := range []float64{0, 1, 1, 2, 3, 7, 1.5, 0, 0} {
		states.cells = append(states.cells, cell{count: int64(min(i, 1)), value: value, max: value})
	}
	r := newRibbon(states, valueStyles(service.Metrics())[service.State])
	if got, want := r.draw(states.cells, usual, false), " YYSR7cGG"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	got := r.draw(states.cells, usual, true)
	want := " \x1b[93mYY\x1b[38;5;208mS\x1b[91mR\x1b[0m7c\x1b[32mGG\x1b[0m"
	if got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	names := []string{"G GREEN", "Y YELLOW", "c 1.5", "S SOFT_RED", "R RED"}
	if diff := cmp.Diff(names, r.legend()); diff != "" {
		t.Error(diff)
	}
}

// Of many series some are drawn, and how many there are beside is said.
func TestPlotOfMany(t *testing.T) {
	folder := t.TempDir()
	db, file := filepath.Join(folder, "wan.db"), filepath.Join(folder, "many.csv")
	var rows strings.Builder
	rows.WriteString("timestamp_ms,wan,metric,labels_json,value\n")
	for i := range 200 {
		fmt.Fprintf(&rows, "1738238399000,w,m%03d,{},1\n", i)
	}
	if err := os.WriteFile(file, []byte(rows.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	commandOutput(t, "import", "--db", db, "--now", "2025-01-30T12:00:00Z", file)
	for _, width := range []int{20, 80} {
		t.Setenv("COLUMNS", strconv.Itoa(width))
		text := commandOutput(t, "history", "--db", db, "--last", "1m", "--now", "2025-01-30T12:00:00Z",
			"--plot")
		words := strings.Join(strings.Fields(text), " ")
		if !strings.HasSuffix(words, "176 more: pick some with --metrics, --wan or --label") {
			t.Errorf("it ends with %q", words[len(words)-100:])
		}
		if strings.Count(text, "┤") != 24 {
			t.Errorf("%d series are drawn, want 24", strings.Count(text, "┤"))
		}
	}
}

// Captions break between words, and nothing of them is lost.
func TestWrap(t *testing.T) {
	long := strings.Repeat("x", 30)
	parts := []string{"G GREEN", "S SOFT_RED", "2025-01-30", "回線", "in Mbit/s", long}
	rapid.Check(t, func(t *rapid.T) {
		width := rapid.IntRange(2, 120).Draw(t, "width")
		lines := wrap(parts, "  ", width)
		for _, line := range lines {
			if widthOf(line) > width {
				t.Errorf("%q is wider than %d", line, width)
			}
		}
		squeeze := func(list []string) string {
			return strings.Join(strings.Fields(strings.Join(list, " ")), "")
		}
		if got, want := squeeze(lines), squeeze(parts); got != want {
			t.Errorf("%q, want %q", got, want)
		}
		words := strings.Fields(strings.Join(lines, " "))
		if width >= 10 && !slices.Contains(words, "SOFT_RED") {
			t.Errorf("a word is broken in %d: %q", width, lines)
		}
	})
}

// Days are drawn a column each, also those of 23 and 25 hours.
func TestGridOfDays(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	for _, begin := range []string{"2025-03-25", "2025-10-22"} {
		from := mustTime(t, begin, berlin)
		query := service.Query{From: from, Until: from.Add(10*24*time.Hour - time.Hour), Zone: berlin}
		g := gridOf(query, 24*time.Hour)
		for i := range g.count {
			start := from.In(berlin).AddDate(0, 0, i)
			width := start.AddDate(0, 0, 1).Sub(start)
			first, until := g.cells(service.Point{Time: start, Width: width})
			if first != i || until != i+1 || g.begin(i, g.count) != start.UnixMicro() {
				t.Errorf("day %d from %s is drawn from %d until %d, and its column begins %s", i, begin, first,
					until, time.UnixMicro(g.begin(i, g.count)))
			}
		}
	}
}

func TestScale(t *testing.T) {
	for _, c := range []struct {
		low, high float64
		rows      int
		want      []string
	}{
		{0, 10, 5, []string{"0", "2", "4", "6", "8", "10"}},
		{21.3, 39.2, 6, []string{"21", "24", "27", "30", "33", "36", "39"}},
		{-1, 1, 5, []string{"-1.0", "-0.5", "0.0", "0.5", "1.0"}},
		{0, 0.0003, 5, []string{"0.00000", "0.00006", "0.00012", "0.00018", "0.00024", "0.00030"}},
		{5, 5, 5, []string{"5"}},
		{1e15, 1e15 + 1, 5, []string{"1e+15"}},
		{-1e300, 1e300, 4, []string{"-8e+299", "-4e+299", "0", "4e+299", "8e+299"}},
	} {
		s := newScale(c.low, c.high, c.rows)
		if diff := cmp.Diff(c.want, s.labels(widestMargin)); diff != "" {
			t.Errorf("from %v to %v in %d rows (-want +got):\n%s", c.low, c.high, c.rows, diff)
		}
	}
}

// Round local times are marked where they are, also on the days when the clocks change.
func TestTicks(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		from, until string
		step        time.Duration
		want        string
	}{
		{"2025-01-30 00:00", "2025-01-31 00:00", time.Hour, "Jan 30@0 12:00@12"},
		{"2025-03-30 00:00", "2025-03-31 00:00", time.Hour, "Mar 30@0 12:00@11"},
		{"2025-10-26 00:00", "2025-10-27 00:00", time.Hour, "Oct 26@0 12:00@13"},
		{"2025-10-26 01:00", "2025-10-26 05:00", 10 * time.Minute, "02:00@6 02:00@12 04:00@24"},
		{"2025-01-30 10:00", "2025-01-30 10:01", time.Second,
			"10:00:00@0 10:00:15@15 10:00:30@30 10:00:45@45"},
	} {
		query := service.Query{From: mustTime(t, c.from, berlin), Until: mustTime(t, c.until, berlin),
			Step: c.step, Zone: berlin}
		g := gridOf(query, c.step)
		var got []string
		for _, one := range ticks(g, g.count, berlin) {
			got = append(got, fmt.Sprintf("%s@%d", one.label, one.column))
		}
		if diff := cmp.Diff(c.want, strings.Join(got, " ")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.from, diff)
		}
	}
}

func mustTime(t *testing.T, text string, zone *time.Location) time.Time {
	t.Helper()
	at, err := clock.ParseTime(text, zone, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return at
}
