package promql

import (
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/wanstore/wanstore/internal/sketch"
)

// quantile is that of the samples where all are left, else that of the distributions, kept within
// the minimum and the maximum. There is none where a bucket keeps no distribution.
func (r rewriting) quantile(call *parser.Call, matrix *parser.MatrixSelector) parser.Expr {
	q, isLiteral := literal(call.Args[0])
	if !isLiteral && !r.copies.allow(call.Args[0], copiesOfQuantile) {
		return call
	}
	over := func(function string, column column) parser.Expr {
		return r.over(call, function, matrix, column)
	}
	of := func(column column) func(parser.Expr) parser.Expr {
		return func(q parser.Expr) parser.Expr {
			return function(call, "histogram_quantile", q, over("sum_over_time", column))
		}
	}
	sketched := parens(call, vectors(parser.LOR,
		ofBins(call, of(sketches)), of(stateSketches)(ofRank(call))))
	if !isLiteral || q >= 0 && q <= 1 {
		sketched = parens(call, vectors(parser.LTE, sketched, over("max_over_time", maxima)))
		sketched = parens(call, vectors(parser.LOR, sketched, over("max_over_time", maxima)))
		sketched = parens(call, vectors(parser.GTE, sketched, over("min_over_time", minima)))
		sketched = parens(call, vectors(parser.LOR, sketched, over("min_over_time", minima)))
	}
	if !isLiteral {
		sketched = calculated(call, parser.ADD, sketched, beyond(call.Args[0]))
	}
	sketched = parens(call, vectors(parser.LUNLESS, sketched, over("present_over_time", sketchless)))
	exact := function(call, call.Func.Name, call.Args[0], r.rangeOf(call, matrix, samples))
	return parens(call, vectors(parser.LOR, exact, sketched))
}

// ofBins returns a quantile of measurements by the function that returns it for a q. The engine
// interpolates within a bin, by which it may be off by the whole width. So this is the middle of
// the bin, as in every other answer. At 0 and 1 the edges are right.
func ofBins(call *parser.Call, quantile func(q parser.Expr) parser.Expr) parser.Expr {
	if q, ok := literal(call.Args[0]); ok && !(q > 0 && q < 1) {
		return quantile(ofRank(call))
	}
	return middle(call, func() parser.Expr { return quantile(ofRank(call)) })
}

// ofRank returns a q with which the engine finds the bin of the sample of rank ⌈q·n⌉: a little
// less, since it is at the edge between two bins where q·n is whole.
func ofRank(call *parser.Call) parser.Expr {
	const less = 1 - 1e-7
	q, ok := literal(call.Args[0])
	switch {
	case !ok:
		return calculated(call, parser.MUL, bounded(call.Args[0]), number(call, less))
	case q > 0 && q < 1:
		return number(call, q*less)
	}
	return clone(call.Args[0])
}

// copiesOfQuantile is how many copies of a computed q there are beside itself.
const copiesOfQuantile = 4

// bounded returns a computed q that is between 0 and 1, or NaN.
func bounded(q parser.Expr) parser.Expr {
	at := &parser.Call{PosRange: q.PositionRange()}
	vector := function(at, "clamp", function(at, "vector", clone(q)), number(at, 0), number(at, 1))
	return function(at, "scalar", vector)
}

// beyond returns what a quantile is where a computed q is not between 0 and 1, with Prometheus's
// warning, and 0 where it is.
func beyond(q parser.Expr) parser.Expr {
	at := &parser.Call{PosRange: q.PositionRange()}
	return function(at, "scalar", &parser.AggregateExpr{
		Op: parser.QUANTILE, Param: clone(q), PosRange: at.PosRange,
		Expr: function(at, "vector", number(at, 0)),
	})
}

// middle returns the geometric middle of the bin that a value lies in, of the finest bins.
func middle(call *parser.Call, value func() parser.Expr) parser.Expr {
	const bins = 1 << sketch.Finest // from one power of two to the next
	index := function(call, "log2", function(call, "abs", value()))
	index = function(call, "ceil", calculated(call, parser.MUL, index, number(call, bins)))
	index = calculated(call, parser.SUB, index, number(call, 0.5))
	size := calculated(call, parser.POW, number(call, 2),
		calculated(call, parser.DIV, index, number(call, bins)))
	return parens(call, vectors(parser.MUL, function(call, "sgn", value()), size))
}

// literal returns the number that an expression is, if it is one.
func literal(expr parser.Expr) (value float64, ok bool) {
	if n, ok := unwrapped(expr).(*parser.NumberLiteral); ok {
		return n.Val, true
	}
	return 0, false
}

// number returns a number in place of a call.
func number(call *parser.Call, value float64) parser.Expr {
	return &parser.NumberLiteral{Val: value, PosRange: call.PosRange}
}

// calculated returns an operation with a number in place of a call.
func calculated(call *parser.Call, op parser.ItemType, left, right parser.Expr) parser.Expr {
	return parens(call, &parser.BinaryExpr{Op: op, LHS: left, RHS: right})
}

// function returns a call of a function in place of another call.
func function(call *parser.Call, name string, args ...parser.Expr) parser.Expr {
	return &parser.Call{Func: parser.Functions[name], PosRange: call.PosRange, Args: args}
}
