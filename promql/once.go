package promql

import (
	"slices"
	"time"

	"github.com/prometheus/prometheus/promql/parser"
)

// averageOnce has the storage work out means where it can, in the place of two functions of the
// engine and a quotient. It can where no sample lies in two windows: there a mean is a sample at
// the end of its window, which a selector picks. It is the negative one, and a minus before the
// selector drops the name of the metric, as a function does.
func averageOnce(statement parser.Statement) {
	eval, ok := statement.(*parser.EvalStmt)
	if !ok {
		return
	}
	parser.Inspect(eval.Expr, func(node parser.Node, path []parser.Node) error {
		if paren, ok := node.(*parser.ParenExpr); ok && !slices.ContainsFunc(path, isSubquery) {
			if selector := averageOf(paren.Expr, eval.Interval); selector != nil {
				paren.Expr = &parser.UnaryExpr{
					Op: parser.SUB, Expr: selector, StartPos: paren.PosRange.Start,
				}
			}
		}
		return nil
	})
}

// isSubquery is for nodes above a function at an @, which the engine evaluates at other moments
// there.
func isSubquery(node parser.Node) bool {
	_, ok := node.(*parser.SubqueryExpr)
	return ok
}

// averageOf returns a selector of means for the quotient of sums and counts whose windows lie apart
// when they are a step apart, nil for any other expression.
func averageOf(expr parser.Expr, step time.Duration) *parser.VectorSelector {
	quotient, ok := expr.(*parser.BinaryExpr)
	if !ok {
		return nil
	}
	call, ok := quotient.LHS.(*parser.Call)
	if !ok || len(call.Args) == 0 {
		return nil
	}
	matrix, ok := call.Args[0].(*parser.MatrixSelector)
	if !ok {
		return nil
	}
	selector := selectorOf(matrix)
	r, others, tagged := readingOf(selector.LabelMatchers)
	apart := r.evaluation == fixed || r.evaluation == stepped && (step == 0 || step >= matrix.Range)
	if !tagged || r.function != average || r.column != sums || !apart {
		return nil
	}
	r.column, r.window = averages, matrix.Range.Milliseconds()
	selector.LabelMatchers = append(slices.Clip(others), r.matcher())
	return selector
}
