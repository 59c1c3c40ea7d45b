package promql

import (
	"fmt"
	"slices"

	"github.com/prometheus/prometheus/promql/parser"
)

// clone returns a copy of an expression that shares no node with it: the engine changes nodes.
func clone(expr parser.Expr) parser.Expr {
	switch n := expr.(type) {
	case *parser.VectorSelector:
		c := *n
		c.LabelMatchers = slices.Clone(n.LabelMatchers)
		return &c
	case *parser.MatrixSelector:
		c := *n
		c.VectorSelector = clone(n.VectorSelector)
		return &c
	case *parser.SubqueryExpr:
		c := *n
		c.Expr = clone(n.Expr)
		return &c
	case *parser.Call:
		c := *n
		c.Args = slices.Clone(n.Args)
		for i, arg := range c.Args {
			c.Args[i] = clone(arg)
		}
		return &c
	case *parser.AggregateExpr:
		c := *n
		c.Expr = clone(n.Expr)
		if n.Param != nil {
			c.Param = clone(n.Param)
		}
		c.Grouping = slices.Clone(n.Grouping) // sorted where it is
		return &c
	case *parser.BinaryExpr:
		c := *n
		c.LHS, c.RHS = clone(n.LHS), clone(n.RHS)
		return &c
	case *parser.ParenExpr:
		c := *n
		c.Expr = clone(n.Expr)
		return &c
	case *parser.UnaryExpr:
		c := *n
		c.Expr = clone(n.Expr)
		return &c
	case *parser.NumberLiteral:
		c := *n
		return &c
	case *parser.StringLiteral:
		c := *n
		return &c
	}
	panic(fmt.Sprintf("an expression of the type %T", expr)) // the parser makes no others
}
