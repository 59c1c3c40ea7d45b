package golden

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/wanstore/wanstore/service"
)

// selector is what stands for a series, or for those of a filter: names{wan="a",label="b"}.
type selector struct {
	names  []string
	wan    string
	labels service.Labels
}

var (
	selectorPattern = regexp.MustCompile(`^([^\s{]*)(?:\{((?:[^"}]|"(?:[^"\\]|\\.)*")*)\})?`)
	labelPattern    = regexp.MustCompile(`^\s*([^=\s]*)=("(?:[^"\\]|\\.)*")\s*(?:,|$)`)
)

// parseSelector takes a selector off the front of text.
func parseSelector(text string) (s selector, rest string, err error) {
	match := selectorPattern.FindStringSubmatch(text)
	if match[1] != "" {
		s.names = strings.Split(match[1], "|")
	}
	s.labels = service.Labels{}
	for labels := match[2]; labels != ""; {
		pair := labelPattern.FindStringSubmatch(labels)
		if pair == nil {
			return s, "", fmt.Errorf("labels %q: want name=\"value\"", labels)
		}
		labels = labels[len(pair[0]):]
		value, err := strconv.Unquote(pair[2])
		if err != nil {
			return s, "", fmt.Errorf("label %s: %w", pair[1], err)
		}
		if pair[1] == "wan" {
			s.wan = value
		} else {
			s.labels[pair[1]] = value
		}
	}
	return s, strings.TrimSpace(text[len(match[0]):]), nil
}

// timeLayouts are the ways to write a moment; those without a date are of the day of the clock.
var timeLayouts = []struct {
	layout string
	dated  bool
}{
	{"2006-01-02T15:04:05", true},
	{"2006-01-02T15:04", true},
	{"2006-01-02", true},
	{"15:04:05", false},
	{"15:04", false},
}

func parseTime(text string, now time.Time) (time.Time, error) {
	if offset, ok := strings.CutPrefix(text, "now"); ok {
		if offset == "" {
			return now, nil
		}
		d, err := parseDuration(offset)
		return now.Add(d), err
	}
	for _, l := range timeLayouts {
		t, err := time.Parse(l.layout, strings.TrimSuffix(text, "Z"))
		if err != nil {
			continue
		}
		if !l.dated {
			t = now.Truncate(24 * time.Hour).Add(t.Sub(t.Truncate(24 * time.Hour)))
		}
		return t, nil
	}
	return time.Time{},
		fmt.Errorf("time %q: want one like 2025-03-01T10:00:00, 10:00:00 or now-1h", text)
}

// parseDuration knows days beside what Go knows: 7d, 1d12h.
func parseDuration(text string) (time.Duration, error) {
	if rest, negative := strings.CutPrefix(text, "-"); negative {
		d, err := parseDuration(rest)
		return -d, err
	}
	days, hours, ok := strings.Cut(strings.TrimPrefix(text, "+"), "d")
	if !ok {
		return time.ParseDuration(text)
	}
	n, err := strconv.Atoi(days)
	if err != nil {
		return 0, fmt.Errorf("duration %q: %w", text, err)
	}
	d := time.Duration(n) * 24 * time.Hour
	if hours == "" {
		return d, nil
	}
	more, err := time.ParseDuration(hours)
	return d + more, err
}

const number = `(?:\d+(?:\.\d+)?(?:e[-+]?\d+)?|Inf|NaN)`

var valuePattern = regexp.MustCompile(`^(?:(_)|([-+]?` + number + `)([-+]` + number +
	`)?)(?:x(\d+))?$`)

// parseValues reads the values of a series; the moments without a sample are nil.
func parseValues(words []string) ([]*float64, error) {
	var values []*float64
	for _, word := range words {
		match := valuePattern.FindStringSubmatch(word)
		if match == nil {
			return nil, fmt.Errorf("value %q: want one like 1, 1x20, 1+0.5x10, _ or _x20", word)
		}
		times := 1
		if match[4] != "" {
			times, _ = strconv.Atoi(match[4])
		}
		start, _ := strconv.ParseFloat(match[2], 64)
		slope, _ := strconv.ParseFloat(match[3], 64)
		for i := range times {
			if match[1] == "_" {
				values = append(values, nil)
				continue
			}
			value := start + slope*float64(i)
			values = append(values, &value)
		}
	}
	return values, nil
}

func TestParseValues(t *testing.T) {
	got, err := parseValues(strings.Fields("1x2 2 3+0.5x3 _x2 -1-1x2 1e-3 -Inf NaN _"))
	if err != nil {
		t.Fatal(err)
	}
	want := []any{1.0, 1.0, 2.0, 3.0, 3.5, 4.0, nil, nil, -1.0, -2.0, 1e-3, math.Inf(-1), math.NaN(),
		nil}
	var values []any
	for _, value := range got {
		if value == nil {
			values = append(values, nil)
		} else {
			values = append(values, *value)
		}
	}
	if diff := cmp.Diff(want, values, cmpopts.EquateNaNs()); diff != "" {
		t.Error(diff)
	}
	for _, bad := range []string{"", "x3", "1x", "1++2x3", "_1", "1_2"} {
		if _, err := parseValues([]string{bad}); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}

func TestParseSelector(t *testing.T) {
	s, rest, err := parseSelector(`a|b{wan="w 1",x="}\"",y=""} 10:00 1s 1`)
	if err != nil {
		t.Fatal(err)
	}
	want := selector{names: []string{"a", "b"}, wan: "w 1", labels: service.Labels{"x": `}"`, "y": ""}}
	if diff := cmp.Diff(want, s, cmp.AllowUnexported(selector{})); diff != "" {
		t.Error(diff)
	}
	if rest != "10:00 1s 1" {
		t.Errorf("the rest is %q", rest)
	}
}

func TestParseTime(t *testing.T) {
	now := time.Date(2025, 3, 1, 12, 30, 0, 0, time.UTC)
	for text, want := range map[string]time.Time{
		"now":                  now,
		"now-1d12h":            now.Add(-36 * time.Hour),
		"10:00":                time.Date(2025, 3, 1, 10, 0, 0, 0, time.UTC),
		"10:00:00.25":          time.Date(2025, 3, 1, 10, 0, 0, 250_000_000, time.UTC),
		"2024-02-29T23:59:59Z": time.Date(2024, 2, 29, 23, 59, 59, 0, time.UTC),
		"2024-02-29":           time.Date(2024, 2, 29, 0, 0, 0, 0, time.UTC),
	} {
		if got, err := parseTime(text, now); err != nil || !got.Equal(want) {
			t.Errorf("%s is %v, want %v (%v)", text, got, want, err)
		}
	}
}
