package promql_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/prometheus/prometheus/promql/parser"

	"github.com/wanstore/wanstore/promql"
)

// reading is how a tagged selector is written: what follows the column is left out in the goldens.
var reading = regexp.MustCompile(promql.ReservedLabel + `=~"(\w+) [^"]*"`)

// rewritten returns what becomes of an expression, with the columns in angle brackets.
func rewritten(t *testing.T, expr string) string {
	t.Helper()
	parsed, err := promql.NewParser(parser.Options{EnableExperimentalFunctions: true}).ParseExpr(expr)
	if err != nil {
		t.Fatalf("%s: %v", expr, err)
	}
	return reading.ReplaceAllString(parsed.String(), "<$1>")
}

func TestRewriting(t *testing.T) {
	for _, test := range []struct{ expr, want string }{
		{`1 + 1`, `1 + 1`},
		{`x`, `x{<instants>}`},
		{`x[5m]`, `x{<means>}[5m]`},
		{`avg_over_time(x[5m])`, `(sum_over_time(x{<sums>}[5m]) / sum_over_time(x{<counts>}[5m]))`},
		{`sum_over_time(x[5m])`, `sum_over_time(x{<sums>}[5m])`},
		{`count_over_time(x[5m])`, `sum_over_time(x{<counts>}[5m])`},
		{`min_over_time(x[5m])`, `min_over_time(x{<minima>}[5m])`},
		{`max_over_time((x[5m]))`, `max_over_time(x{<maxima>}[5m])`},
		{`present_over_time(x[5m])`, `present_over_time(x{<counts>}[5m])`},
		{`absent_over_time(x{a="b"}[5m])`, `absent_over_time(x{<counts>,a="b"}[5m])`},
		{`rate(x[5m])`, `rate(x{<means>}[5m])`},
		{`predict_linear(x[5m], scalar(y))`, `predict_linear(x{<means>}[5m], scalar(y{<instants>}))`},
		{`sum_over_time(x[5m] offset 1h)`, `sum_over_time(x{<sums>}[5m] offset 1h)`},
		{`sum_over_time(x[5m] @ 7 offset -1h)`, `sum_over_time(x{<sums>}[5m] @ 7.000 offset -1h)`},
		{`sum_over_time(x[5m] @ end())`, `sum_over_time(x{<sums>}[5m] @ end())`},
		{`max_over_time(x[1h:5m])`, `max_over_time(x{<instants>}[1h:5m])`},
		{`max_over_time(sum_over_time(x[5m])[1h:5m] offset 1m)`,
			`max_over_time(sum_over_time(x{<sums>}[5m])[1h:5m] offset 1m)`},
		{`max_over_time(avg_over_time(x[5m])[1h:5m])`,
			`max_over_time((sum_over_time(x{<sums>}[5m]) / sum_over_time(x{<counts>}[5m]))[1h:5m])`},
		{`sum by (wan) (count_over_time(x[1h]))`, `sum by (wan) (sum_over_time(x{<counts>}[1h]))`},
		{`topk(scalar(k), x)`, `topk(scalar(k{<instants>}), x{<instants>})`},
		{`-min_over_time(x[1h]) + on (wan) group_left () y`,
			`-min_over_time(x{<minima>}[1h]) + on (wan) group_left () y{<instants>}`},
		{`sum_over_time(x[5m] anchored)`, `sum_over_time(x{<means>}[5m] anchored)`},
		{`info(x, {a="b"})`, `info(x{<instants>}, {a="b"})`},
		{`quantile_over_time(2, x[1h])`, `(quantile_over_time(2, x{<samples>}[1h]) or ` +
			`(` + orStates("2", binned("2")) + ` unless present_over_time(x{<sketchless>}[1h])))`},
		{`quantile_over_time(1, x[1h])`, within("1", orStates("1", binned("1")))},
		{`quantile_over_time(0.5, x[1h])`, within("0.5", orStates("0.49999995", middled("0.49999995")))},
		{`quantile_over_time(scalar(q), x[1h])`,
			computed("scalar(q{<instants>})")},
	} {
		if got := rewritten(t, test.expr); got != test.want {
			t.Errorf("%s\nbecame %s\n  want %s", test.expr, got, test.want)
		}
	}
}

func binned(q string) string {
	return "histogram_quantile(" + q + ", sum_over_time(x{<sketches>}[1h]))"
}

// orStates is a quantile of measurements, or that of states.
func orStates(q, of string) string {
	return "(" + of + " or histogram_quantile(" + q + ", sum_over_time(x{<stateSketches>}[1h])))"
}

// middled is the middle of the bin of a quantile.
func middled(q string) string {
	of := binned(q)
	return "(sgn(" + of + ") * (2 ^ ((ceil((log2(abs(" + of + ")) * 32)) - 0.5) / 32)))"
}

// within is a quantile within minimum and maximum, if the samples are not left.
func within(q, sketched string) string {
	return `(quantile_over_time(` + q + `, x{<samples>}[1h]) or (` + bounded(sketched) +
		` unless present_over_time(x{<sketchless>}[1h])))`
}

// bounded is a quantile of sketches within minimum and maximum.
func bounded(sketched string) string {
	return `((((` + sketched + ` <= max_over_time(x{<maxima>}[1h])) or ` +
		`max_over_time(x{<maxima>}[1h])) >= min_over_time(x{<minima>}[1h])) or ` +
		`min_over_time(x{<minima>}[1h]))`
}

// computed is a quantile whose q is no number yet.
func computed(q string) string {
	less := "(scalar(clamp(vector(" + q + "), 0, 1)) * 0.9999999)"
	sketched := orStates(less, middled(less))
	return `(quantile_over_time(` + q + `, x{<samples>}[1h]) or ((` + bounded(sketched) +
		` + scalar(quantile(` + q + `, vector(0)))) unless present_over_time(x{<sketchless>}[1h])))`
}

// The label that the rewriting uses cannot be written, in whatever letters.
func TestReservedLabel(t *testing.T) {
	p := promql.NewParser(parser.Options{EnableExperimentalFunctions: true})
	escaped := `\x5f_wanstore__`
	for _, test := range []struct{ expr, at string }{
		{`x{__wanstore__="sums"}`, "1:3"},
		{`sum by (__wanstore__) (x)`, "1:9"},
		{`label_replace(x, "__wanstore__", "", "", "")`, "1:19"},
		{`x * on (__wanstore__) y`, "1:9"},
		{`1 + x{"` + escaped + `"="sums"}`, "1:5"},
		{`sum by ("` + escaped + `") (x)`, "1:1"},
		{`x * on ("` + escaped + `") y`, "1:1"},
		{`label_replace(x, "` + escaped + `", "", "", "")`, "1:18"},
		{`count_values("` + escaped + `", x)`, "1:1"},
	} {
		want := test.at + ": parse error: the label __wanstore__ is reserved"
		if _, err := p.ParseExpr(test.expr); err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", test.expr, err, want)
		}
	}
	for _, selector := range []string{`x{__wanstore__="sums"}`, `{"` + escaped + `"="sums"}`} {
		if _, err := p.ParseMetricSelectors([]string{"x", selector}); err == nil {
			t.Errorf("%s is taken", selector)
		}
	}
}

// Whatever is parsed is rewritten, unless it has the reserved label or is too deep, and what was
// rewritten still is an expression.
//
//ci:fuzz 20000
func FuzzRewriting(f *testing.F) {
	for _, expr := range []string{
		`avg_over_time(x[5m]) / on (wan) quantile_over_time(scalar(y), x[1h:1m])`,
		`sum by (wan) (-max_over_time({wan=~"a|b"}[1h] @ start() offset 5m))`,
		`info(x, {a="b"})`, `"text"`, `x[5m] smoothed`, `avg_over_time(x[step()])`,
		"x" + strings.Repeat("+", 1000) + "x",
	} {
		f.Add(expr)
	}
	options := parser.Options{EnableExperimentalFunctions: true, EnableBinopFillModifiers: true}
	f.Fuzz(func(t *testing.T, expr string) {
		before, err := parser.NewParser(options).ParseExpr(expr)
		after, ours := promql.NewParser(options).ParseExpr(expr)
		if err != nil || ours != nil {
			if ours == nil || err == nil && !strings.Contains(ours.Error(), promql.ReservedLabel) &&
				!strings.Contains(ours.Error(), "inside each other") {
				t.Fatalf("%q: %v, without rewriting %v", expr, ours, err)
			}
			return
		}
		if before.Type() != after.Type() || before.PositionRange() != after.PositionRange() {
			t.Errorf("%q is a %s at %v, without rewriting a %s at %v", expr,
				after.Type(), after.PositionRange(), before.Type(), before.PositionRange())
		}
		if _, err := parser.NewParser(options).ParseExpr(after.String()); err != nil {
			t.Errorf("%q becomes %s: %v", expr, after, err)
		}
	})
}
