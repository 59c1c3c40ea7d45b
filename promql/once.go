package promql

import (
	"slices"

	"github.com/prometheus/prometheus/promql/parser"
)

// averageOnce has the storage work out means where it can, and the engine evaluate one function in
// the place of two and a quotient. It can where no sample lies in two windows: then it shows one
// sample a window, the mean of which is that sample.
func averageOnce(statement parser.Statement) {
	eval, ok := statement.(*parser.EvalStmt)
	if !ok {
		return
	}
	parser.Inspect(eval.Expr, func(node parser.Node, _ []parser.Node) error {
		paren, ok := node.(*parser.ParenExpr)
		if !ok {
			return nil
		}
		quotient, ok := paren.Expr.(*parser.BinaryExpr)
		if !ok {
			return nil
		}
		if call, ok := quotient.LHS.(*parser.Call); ok && ofApartWindows(call, eval) {
			paren.Expr = call
		}
		return nil
	})
}

// ofApartWindows makes the sum that a mean begins with the mean itself, and reports true, if its
// windows lie apart.
func ofApartWindows(call *parser.Call, eval *parser.EvalStmt) bool {
	matrix, ok := call.Args[0].(*parser.MatrixSelector)
	if !ok {
		return false
	}
	selector := selectorOf(matrix)
	r, _, tagged := readingOf(selector.LabelMatchers)
	if !tagged || r.column != sums || r.function != average {
		return false
	}
	apart := r.evaluation == fixed ||
		r.evaluation == stepped && (eval.Interval == 0 || eval.Interval >= matrix.Range)
	if !apart {
		return false
	}
	r.column = averages
	call.Func = parser.Functions[average]
	selector.LabelMatchers = append(slices.DeleteFunc(
		slices.Clone(selector.LabelMatchers), isTag), r.matcher())
	return true
}
