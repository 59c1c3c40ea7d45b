package main

import (
	"context"
	"fmt"
	"io"

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
	names, _, err := engine.LabelValues(ctx, metricLabel, promql.Selection{})
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
	for _, name := range promql.MetricsOf(expr) {
		noteUnknown("metric", name, known, out)
	}
	return nil
}
