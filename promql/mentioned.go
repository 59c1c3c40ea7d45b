package promql

import (
	"slices"

	"github.com/prometheus/prometheus/promql/parser"
)

// MetricsOf returns the metrics that an expression names before braces, sorted; none of one that
// cannot be understood.
func MetricsOf(expr string) []string {
	tree, err := parser.NewParser(parser.Options{}).ParseExpr(expr)
	if err != nil {
		return nil
	}
	var names []string
	parser.Inspect(tree, func(node parser.Node, _ []parser.Node) error {
		if selector, ok := node.(*parser.VectorSelector); ok && selector.Name != "" {
			names = append(names, selector.Name)
		}
		return nil
	})
	slices.Sort(names)
	return slices.Compact(names)
}
