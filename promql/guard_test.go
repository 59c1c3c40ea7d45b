package promql

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/promql/parser"

	"github.com/wanstore/wanstore/service"
)

// What could take memory or a stack that nobody counts is refused before it is evaluated.
func TestGuard(t *testing.T) {
	nested := func(times int, function, after string) string {
		return strings.Repeat(function+"(", times) + "x" + strings.Repeat(after+")", times)
	}
	doubled := func(times int) string {
		return nested(times, "label_replace", `,"a","$1${1}","a","(.*)"`)
	}
	joined := func(labels int) string {
		return `label_join(x,"a",","` + strings.Repeat(`,"a"`, labels) + ")"
	}
	const day = 24 * time.Hour
	for _, c := range []struct {
		expr  string
		span  time.Duration
		words string // "" where it may pass
	}{
		{`x{a=~"` + strings.Repeat("a|", 10_000) + `"}`, 0, ""},
		{`x{a=~"` + strings.Repeat("a", maxBytes) + `"}`, 0, "bytes"},
		{`x{a=~".{1000}",b!~"(a{9}){99}"}`, 0, ""},
		{`x{a="` + strings.Repeat(".{1000}", 200) + `"}`, 0, ""},
		{`x{a=~"` + strings.Repeat(".{1000}", 200) + `"}`, 0, "states"},
		{`x{a!~ # a remark` + "\n'" + strings.Repeat(`\x2e{999}`, 200) + `'}`, 0, "states"},
		{`x{a=~"` + strings.Repeat(".{1000}", 40) + `"} + x{a=~"` +
			strings.Repeat("(ab|c{9}){50,}", 200) + `"}`, 0, "states"},
		{strings.Repeat("-", maxTokens) + "x", 0, "words and signs"},
		{nested(2500, "", ""), 0, "words and signs"},
		{"x" + strings.Repeat("+x", maxDepth-1), 0, ""},
		{doubled(3), 0, ""},
		{doubled(4), 0, "repeat a label"},
		{doubled(60), 0, "repeat a label"},
		{joined(8), 0, ""},
		{joined(9), 0, "repeat a label"},
		{`sum(label_replace(x,"a","` + strings.Repeat("b", maxTexts) + `","",""))`, 0, "texts"},
		{`count_values("` + strings.Repeat("b", maxTexts+1) + `",x)`, 0, "texts"},
		{`label_replace(x,"a","$1","a","(.*)")`, 0, ""},
		{"max_over_time(x[1d:1s])", 20 * day, ""},
		{"max_over_time(x[100y:1ms])", 0, "2000000 steps"},
		{"max_over_time(x[1m:1s])", 30 * day, "2000000 steps"},
		{"absent_over_time(x[290y:])", 292 * 365 * day, "2000000 steps"},
		{"max_over_time(max_over_time(x[1h:1s])[2w:1h])", 0, ""},
		{"max_over_time(max_over_time(x[1h:1s])[4w:1h])", 0, "2000000 steps"},
		{nested(4, "max_over_time", "[1h:1m]"), 0, ""},
		{nested(5, "max_over_time", "[1h:1m]"), 0, "inside each other"},
		{"max_over_time(x[100y * 1:1ms])", 0, "2000000 steps"},
		{"max_over_time(x[range():step() / 1e7])", 20 * day, "2000000 steps"},
		{`label_replace(`, 0, ""},                 // which the engine tells
		{`"` + strings.Repeat("\xff", 99), 0, ""}, // likewise
	} {
		err := guarded(t, c.expr, c.span)
		if (err == nil) != (c.words == "") || err != nil && !strings.Contains(err.Error(), c.words) {
			t.Errorf("%.60s: %v, want %q", c.expr, err, c.words)
		}
		if parse, ok := errors.AsType[*ParseError](err); err != nil && (!ok || parse.End > len(c.expr)) {
			t.Errorf("%.60s: %v", c.expr, err)
		}
	}
}

// What is deep takes time for its depth at each step, so only what is wide may be long.
func TestDepth(t *testing.T) {
	chain := func(times int, operator string) string { return "x" + strings.Repeat(operator, times) }
	for expr, deep := range map[string]bool{
		chain(maxDepth-1, "+x"):                                                    false,
		chain(maxDepth, "+x"):                                                      true,
		chain(maxDepth, "^x"):                                                      true,
		chain(2000, " or x"):                                                       true,
		strings.Repeat("-", maxDepth-1) + "x":                                      false,
		strings.Repeat("-", maxDepth) + "x":                                        true,
		strings.Repeat("abs(", maxDepth) + chain(maxDepth, ")"):                    true,
		strings.Repeat("(", 2000) + chain(2000, ")"):                               true,
		"(" + chain(80, "*x") + ")" + strings.Repeat("+("+chain(80, "*x")+")", 15): false,
	} {
		_, err := NewParser(parser.Options{}).ParseExpr(expr)
		if (err != nil) != deep || deep && !strings.Contains(err.Error(), "inside each other: want") {
			t.Errorf("%.60s: %v", expr, err)
		}
	}
}

// guarded returns what an engine says of an expression before it evaluates it over a span.
func guarded(t *testing.T, expr string, span time.Duration) error {
	t.Helper()
	e := New(nil, Options{})
	begin := time.UnixMilli(0)
	query, err := e.engine.NewRangeQuery(
		t.Context(), nil, Settings{}.opts(), expr, begin, begin.Add(span), 24*time.Hour)
	if known, ok := errors.AsType[*ParseError](err); ok {
		return known
	}
	if err != nil {
		return nil //nolint:nilerr // what cannot be asked is not what this is about
	}
	return e.checkSteps(expr, query.Statement())
}

// The selectors of one listing share what regular expressions may have.
func TestGuardOfListings(t *testing.T) {
	match := make([]string, 20)
	for i := range match {
		match[i] = `{a=~"` + strings.Repeat(".{1000}", 10) + `"}`
	}
	if _, err := matcherSets(match[:4]); err != nil {
		t.Error(err)
	}
	if _, err := matcherSets(match); err == nil || !strings.Contains(err.Error(), "states") {
		t.Errorf("%v, want a word of states", err)
	}
}

// A regular expression may take long for each of many series, so picking ends with its context.
func TestPickingEnds(t *testing.T) {
	c := &catalog{series: make([]service.SeriesInfo, 2)}
	ctx, cancel := context.WithCancel(t.Context())
	if list, _, err := c.pick(ctx, nil); err != nil || len(list) != 2 {
		t.Errorf("%v: %v", list, err)
	}
	cancel()
	if list, _, err := c.pick(ctx, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("%v: %v", list, err)
	}
}
