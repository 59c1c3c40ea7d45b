package main

import (
	"context"
	"fmt"
	"io"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/spf13/cobra"

	"github.com/wanstore/wanstore/promql"
)

// firstMetric completes an expression that is the name of a metric.
func firstMetric(
	cmd *cobra.Command, args []string, text string,
) ([]cobra.Completion, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return metricNames(cmd, args, text)
}

// explainNoAnswer tells somebody whose expression has no values which of its metrics the file does
// not have.
func explainNoAnswer(
	ctx context.Context, engine *promql.Engine, expr string, out io.Writer,
) error {
	names, _, err := engine.LabelValues(ctx, labels.MetricName, promql.Selection{})
	if err != nil {
		return err
	}
	known := map[string]bool{}
	for _, name := range names {
		known[name] = true
	}
	if len(known) == 0 {
		fmt.Fprintln(out, "nothing: the file holds no samples")
		return nil
	}
	fmt.Fprintln(out, "nothing: no series has a value there")
	for _, name := range metricsOf(expr) {
		noteUnknown("metric", name, known, out)
	}
	return nil
}

// metricsOf returns the metrics that an expression names.
func metricsOf(expr string) []string {
	tree, err := parser.NewParser(parser.Options{}).ParseExpr(expr)
	if err != nil {
		return nil // the engine has read it, and will read it no more
	}
	var names []string
	parser.Inspect(tree, func(node parser.Node, _ []parser.Node) error {
		if selector, ok := node.(*parser.VectorSelector); ok && selector.Name != "" {
			names = append(names, selector.Name)
		}
		return nil
	})
	return names
}
