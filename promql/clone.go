package promql

import (
	"fmt"
	"slices"

	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/promql/parser/posrange"
)

// maxCopied is how many nodes may be copied in the rewriting of one expression. Copies of what has
// copies in it multiply: without a bound, a few hundred bytes take all memory.
const maxCopied = 5_000

// copies counts the nodes that a rewriting has copied.
type copies struct {
	nodes   int
	refused *posrange.PositionRange // what would have been too many
}

// allow reports whether so many copies of an expression may be made, and counts them.
func (c *copies) allow(expr parser.Expr, times int) bool {
	if c.refused != nil {
		return false
	}
	parser.Inspect(expr, func(node parser.Node, _ []parser.Node) error {
		if node != nil {
			c.nodes += times
		}
		return nil
	})
	if c.nodes > maxCopied {
		at := expr.PositionRange()
		c.refused = &at
	}
	return c.refused == nil
}

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
