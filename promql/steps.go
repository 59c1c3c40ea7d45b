package promql

import (
	"time"

	upstream "github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
)

// checkSteps refuses a query that has more steps than most, or whose subqueries have. The engine
// has memory for each step, whether there are samples or not.
func checkSteps(statement parser.Statement, most int) error {
	eval, ok := statement.(*parser.EvalStmt)
	if !ok {
		return nil
	}
	span := eval.End.Sub(eval.Start)
	if eval.Interval > 0 && tooMany(span, eval.Interval, most) {
		return upstream.ErrTooManySamples("query steps")
	}
	return checkSubqueries(eval.Expr, span, most)
}

// checkSubqueries looks at the subqueries of an expression that is evaluated over a span.
func checkSubqueries(node parser.Node, span time.Duration, most int) error {
	switch n := node.(type) {
	case *parser.StepInvariantExpr:
		span = 0
	case *parser.SubqueryExpr:
		if n.Timestamp != nil {
			span = 0
		}
		span = saturating(span, n.Range)
		step := n.Step
		if step == 0 {
			step = defaultStep
		}
		if tooMany(span, step, most) {
			return upstream.ErrTooManySamples("subquery steps")
		}
	}
	for child := range parser.ChildrenIter(node) {
		if err := checkSubqueries(child, span, most); err != nil {
			return err
		}
	}
	return nil
}

func tooMany(span, step time.Duration, most int) bool { return int64(span/step) >= int64(most) }

// saturating adds durations that are not negative.
func saturating(a, b time.Duration) time.Duration {
	if sum := a + b; sum >= a {
		return sum
	}
	return 1<<63 - 1
}
