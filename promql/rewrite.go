package promql

import (
	"slices"
	"time"

	"github.com/prometheus/prometheus/promql/parser"
)

// rewriting turns the functions that aggregate a range into ones over the figures of buckets, and
// tags every selector with what it is read for. All positions stay those of the user's text.
type rewriting struct {
	inSubquery bool
	copies     *copies
}

// expr returns what an expression becomes. It may change the tree that it is given.
func (r rewriting) expr(expr parser.Expr) parser.Expr {
	switch n := expr.(type) {
	case *parser.VectorSelector:
		r.tag(n, instants, noFunction, n)
	case *parser.MatrixSelector:
		r.tag(selectorOf(n), means, noFunction, n)
	case *parser.Call:
		return r.call(n)
	case *parser.SubqueryExpr:
		n.Expr = rewriting{inSubquery: true, copies: r.copies}.expr(n.Expr)
	case *parser.AggregateExpr:
		n.Expr = r.expr(n.Expr)
		if n.Param != nil {
			n.Param = r.expr(n.Param)
		}
	case *parser.BinaryExpr:
		n.LHS, n.RHS = r.expr(n.LHS), r.expr(n.RHS)
	case *parser.ParenExpr:
		n.Expr = r.expr(n.Expr)
	case *parser.UnaryExpr:
		n.Expr = r.expr(n.Expr)
	}
	return expr
}

// call rewrites a call. A range that is not the function's own, a subquery's, stays as it is.
func (r rewriting) call(call *parser.Call) parser.Expr {
	var matrix *parser.MatrixSelector
	for i, arg := range call.Args {
		if found, ok := unwrapped(arg).(*parser.MatrixSelector); ok {
			matrix = found
			continue
		}
		call.Args[i] = r.expr(arg)
	}
	if matrix == nil {
		return call
	}
	selector := selectorOf(matrix)
	if !selector.Anchored && !selector.Smoothed {
		if expr := r.aggregated(call, matrix); expr != nil {
			return expr
		}
	}
	r.tag(selector, means, call.Func.Name, call)
	return call
}

// average is the function that is a quotient of two.
const average = "avg_over_time"

// aggregated returns what answers a function from the figures of buckets, nil if nothing does.
func (r rewriting) aggregated(call *parser.Call, matrix *parser.MatrixSelector) parser.Expr {
	over := func(function string, column column) parser.Expr {
		return r.over(call, function, matrix, column)
	}
	switch call.Func.Name {
	case average:
		return parens(call, vectors(parser.DIV,
			over("sum_over_time", sums), over("sum_over_time", counts)))
	case "sum_over_time":
		return over("sum_over_time", sums)
	case "count_over_time":
		return over("sum_over_time", counts)
	case "min_over_time":
		return over("min_over_time", minima)
	case "max_over_time":
		return over("max_over_time", maxima)
	case "present_over_time", "absent_over_time":
		return over(call.Func.Name, counts)
	case "quantile_over_time":
		return r.quantile(call, matrix)
	}
	return nil
}

// over returns a call of another function over a column of the range of a call.
func (r rewriting) over(
	call *parser.Call, name string, matrix *parser.MatrixSelector, column column,
) parser.Expr {
	return function(call, name, r.rangeOf(call, matrix, column))
}

// rangeOf returns a copy of a range that is read for a column.
func (r rewriting) rangeOf(
	call *parser.Call, matrix *parser.MatrixSelector, column column,
) parser.Expr {
	tagged, selector := *matrix, *selectorOf(matrix)
	tagged.VectorSelector = &selector
	r.tag(&selector, column, call.Func.Name, call)
	return &tagged
}

// selectorOf returns the selector of a range.
func selectorOf(matrix *parser.MatrixSelector) *parser.VectorSelector {
	return matrix.VectorSelector.(*parser.VectorSelector) //nolint:forcetypeassert // or nothing parses
}

// tag adds what a selector is read for. The second argument of info() is no selector to be read.
func (r rewriting) tag(
	selector *parser.VectorSelector, column column, function string, of parser.Node,
) {
	if selector.BypassEmptyMatcherCheck {
		return
	}
	at := of.PositionRange()
	reading := reading{
		column: column, evaluation: stepped, function: function,
		offset: int64(selector.OriginalOffset / time.Millisecond),
		start:  int(at.Start), end: int(at.End),
	}
	if selector.OriginalOffsetExpr != nil {
		reading.offset = unknownOffset
	}
	switch {
	case selector.Timestamp != nil || selector.StartOrEnd != 0:
		reading.evaluation = fixed
	case r.inSubquery:
		reading.evaluation = subquery
	}
	selector.LabelMatchers = append(slices.Clip(selector.LabelMatchers), reading.matcher())
}

func vectors(op parser.ItemType, left, right parser.Expr) parser.Expr {
	matching := &parser.VectorMatching{Card: parser.CardOneToOne}
	if op == parser.LOR || op == parser.LUNLESS {
		matching.Card = parser.CardManyToMany
	}
	return &parser.BinaryExpr{Op: op, LHS: left, RHS: right, VectorMatching: matching}
}

func parens(of *parser.Call, expr parser.Expr) parser.Expr {
	return &parser.ParenExpr{Expr: expr, PosRange: of.PosRange}
}

func unwrapped(expr parser.Expr) parser.Expr {
	for {
		inner, ok := expr.(*parser.ParenExpr)
		if !ok {
			return expr
		}
		expr = inner.Expr
	}
}
