package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/wanstore/wanstore/promql"
	"github.com/wanstore/wanstore/promql/httpapi"
	"github.com/wanstore/wanstore/service"
)

// formatPlot draws an answer.
const formatPlot = "plot"

// queryOptions are the flags of the command.
type queryOptions struct {
	evaluationFlags

	format string
}

func newQuery() *cobra.Command {
	options := queryOptions{}
	cmd := &cobra.Command{
		Use:   "query 'EXPR' [--at TIME | (--last DURATION | --from TIME [--to TIME]) [--step DURATION]]",
		Short: "Answer an expression in PromQL",
		Long: `
Answer an expression in PromQL, the language of Prometheus, from the file alone. The labels of a
series are its own, wan for its WAN, and __name__ for its metric.

Without a range the expression is evaluated once: now, or at the moment of --at. With --last or
--from it is evaluated at each step of a range, both ends included. Without --step, steps have the
shortest round length of which 250 suffice, in a plot of which all fit the width. With --last they
are at multiples of their length, with --from they begin there. There are 11,000 steps at most.

Functions over a range, such as avg_over_time and quantile_over_time, are answered from buckets
where these fit the range, and are exact: an average is that of the samples. Over buckets a range
includes its beginning and not its end. A state has its most frequent value, and each state the
share of its samples: avg_over_time(wanctl_state_ratio{state="RED"}[1d]). docs/PROMQL.md has all of
this.

A table shows times in local time (UTC with --utc). JSON has the shape of Prometheus's HTTP API; it
and CSV are in UTC. What is uncertain about an answer is reported on standard error.

` + timesHelp + ` ` + durationsHelp,
		Example: `  wanstore query 'wanctl_rtt_ms'
  wanstore query 'quantile_over_time(0.95, wanctl_rtt_ms[1h])' --last 1d --format plot
  wanstore query 'avg by (wan) (avg_over_time(wanctl_loss_ratio[1d]))' --last 7d --step 1d
  wanstore query 'max_over_time(wanctl_rtt_ms{wan="cable"}[1m])' --at 'yesterday 15:00'
  wanstore query 'wanctl_rtt_ms > 100' --last 1h --format json | jq '.data.result[].metric'`,
		Args:              oneExpression,
		ValidArgsFunction: firstMetric,
		RunE: func(cmd *cobra.Command, args []string) error {
			return options.run(cmd, args[0])
		},
	}
	cmd.SetFlagErrorFunc(queryFlagError)
	flags := cmd.Flags()
	flags.SortFlags = false
	options.add(cmd)
	flags.StringVar(&options.format, "format", formatTable,
		"print in this `FORMAT`: table, plot, json or csv")
	complete(cmd, "format", choices(formatTable, formatPlot, formatJSON, formatCSV))
	return cmd
}

// oneExpression is for a command that takes an expression, which a shell may have taken apart.
func oneExpression(_ *cobra.Command, args []string) error {
	switch {
	case len(args) == 0 || args[0] == "":
		return errors.New("which expression? give one such as 'wanctl_rtt_ms'")
	case len(args) > 1:
		return fmt.Errorf("unexpected argument %q: want one expression, in quotes", args[1])
	}
	return nil
}

// queryFlagError is flagError, and thinks of an expression that looks like a flag.
func queryFlagError(cmd *cobra.Command, err error) error {
	unknown, ok := errors.AsType[*pflag.NotExistError](err)
	if ok && unknown.GetSpecifiedShortnames() != "" && cmd.Flags().NArg() == 0 {
		return usagef(cmd, "unknown flag -%s; write -- before an expression that begins with a "+
			"minus sign: %s -- '-wanctl_rtt_ms'", unknown.GetSpecifiedName(), cmd.CommandPath())
	}
	return flagError(cmd, err)
}

func (o *queryOptions) run(cmd *cobra.Command, expr string) error {
	err := oneOf("format", o.format, formatTable, formatPlot, formatJSON, formatCSV)
	if err != nil {
		return usage(cmd, err)
	}
	most := mostSteps
	if o.format == formatPlot {
		most = mostColumns(cmd.OutOrStdout())
	}
	when, err := o.evaluation(o.format == formatPlot, most)
	if err != nil {
		return usage(cmd, err)
	}
	history, _, err := openHistory(cmd)
	if err != nil {
		return err
	}
	return errors.Join(o.answer(cmd, history, expr, when), history.Close())
}

// answer evaluates an expression, and shows what that comes to.
func (o *queryOptions) answer(
	cmd *cobra.Command, history *service.History, expr string, when evaluation,
) error {
	ctx := cmd.Context()
	engine := promql.New(history, promql.Options{})
	result, err := when.evaluate(ctx, engine, expr)
	if _, ok := errors.AsType[*promql.ParseError](err); ok {
		return usage(cmd, err)
	}
	if err != nil {
		return err
	}
	defer result.Close()
	look, err := newLook(ctx, history, zoneOf(cmd))
	if err != nil {
		return err
	}
	shown := answer{Result: result, expr: expr, when: when, look: look}
	if err := shown.write(cmd.OutOrStdout(), o.format); err != nil {
		return err
	}
	noteAnnotations(cmd.ErrOrStderr(), result)
	if o.format != formatJSON && o.format != formatCSV && shown.isEmpty() {
		return explainNoAnswer(ctx, engine, expr, cmd.ErrOrStderr())
	}
	return nil
}

// evaluate asks an engine.
func (e evaluation) evaluate(
	ctx context.Context, engine *promql.Engine, expr string,
) (*promql.Result, error) {
	if e.step == 0 {
		return engine.Instant(ctx, expr, e.from, promql.Settings{})
	}
	return engine.Range(ctx, expr, e.from, e.until, e.step, promql.Settings{})
}

// noteAnnotations tells what the engine has to say about an answer.
func noteAnnotations(out io.Writer, result *promql.Result) {
	for _, text := range result.Warnings {
		fmt.Fprintln(out, escaped(text))
	}
	for _, text := range result.Infos {
		fmt.Fprintln(out, escaped(text))
	}
}

// answer is what an expression came to, and how it is shown.
type answer struct {
	*promql.Result

	expr string
	when evaluation
	look look
}

func (a answer) isEmpty() bool {
	for range a.Series() {
		return false
	}
	return a.HasSeries()
}

func (a answer) write(out io.Writer, format string) error {
	switch format {
	case formatJSON:
		return a.writeJSON(out)
	case formatPlot:
		return a.plot(out)
	}
	rows := newAnswerRows(format, out, a.HasSeries())
	if err := a.each(rows.add); err != nil {
		return errors.Join(err, rows.flush())
	}
	return rows.end()
}

// writeJSON writes the answer as Prometheus's HTTP API does.
func (a answer) writeJSON(out io.Writer) error {
	if err := httpapi.Write(out, a.Result); err != nil {
		return err
	}
	_, err := fmt.Fprintln(out)
	return err
}
