package main

import (
	"cmp"
	"errors"
	"fmt"
	"iter"
	"slices"

	"github.com/spf13/cobra"

	"github.com/wanstore/wanstore/service"
)

// exportOptions are the flags of the command.
type exportOptions struct {
	rangeFlags
	format string
}

func newExport() *cobra.Command {
	options := exportOptions{}
	cmd := &cobra.Command{
		Use:   "export [--last DURATION | [--from TIME] [--to TIME]]",
		Short: "Write samples that can be imported again, or buckets",
		Long: `
Write the raw samples of a range, or all that the file has, to standard output in the order of
time. The command only reads, at one moment, and another program may write the file meanwhile.
Reading ends with an error after a minute, or after two seconds while the WAL is larger than 64 MiB.
That includes the time in which a pipe does not take the output: export a large file range by range.

The CSV has the header

  timestamp_us,wan,metric,labels_json,value

and "wanstore import" makes exactly the same samples from it. The CSV does not say which metrics are
states: import those that are not wanctl's with --mode. Old samples need --now, as all old data
does.

Where raw samples have been deleted, buckets are left. They cannot be imported. --granularity
exports the buckets of a tier. --step exports one row for each series and step, as "wanstore
history" does. Both add the columns count, min, max, granularity, p50, p95 and p99 to the CSV, and
--step adds width_us. The last three are empty where a row has no percentiles.

With --format jsonl each line is an object with the fields of "wanstore history --json".

` + timesHelp + ` Output is in UTC. ` + durationsHelp,
		Example: `  wanstore export | gzip > samples.csv.gz
  wanstore export --last 10m --metrics wanctl_rtt_ms --wan starlink
  wanstore export --from 2025-01-30 --to 2025-01-31 --granularity 5m > buckets.csv
  wanstore export --format jsonl | jq -c 'select(.value > 100)'`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return options.run(cmd) },
	}
	cmd.Flags().SortFlags = false
	options.add(cmd)
	cmd.Flags().Lookup("granularity").Usage = "only rows of this `TIER`: raw (default), 1m, 5m or 1h"
	cmd.Flags().StringVar(&options.format, "format", formatCSV, "print in this `FORMAT`: csv or jsonl")
	complete(cmd, "format", choices(formatCSV, formatJSONLines))
	return cmd
}

func (o *exportOptions) run(cmd *cobra.Command) error {
	query, err := o.query(cmd)
	if err != nil {
		return err
	}
	history, _, err := openHistory(cmd)
	if err != nil {
		return err
	}
	return errors.Join(o.export(cmd, history, query), history.Close())
}

func (o *exportOptions) query(cmd *cobra.Command) (service.Query, error) {
	if err := oneOf("format", o.format, formatCSV, formatJSONLines); err != nil {
		return service.Query{}, usage(cmd, err)
	}
	query, err := o.rangeFlags.query(cmd)
	if query.Only == nil && !query.Stepped() {
		raw := service.Raw
		query.Only = &raw
	}
	query.Quantiles = !samplesOnly(query)
	return query, err
}

// samplesOnly says that a query is for samples, which can be imported again.
func samplesOnly(query service.Query) bool {
	return query.Only != nil && *query.Only == service.Raw
}

func (o *exportOptions) export(
	cmd *cobra.Command, history *service.History, query service.Query,
) error {
	explained := false
	if samplesOnly(query) {
		var err error
		if explained, err = explainBuckets(cmd, history, query); err != nil {
			return err
		}
	}
	output := newExportRows(o.format, cmd.OutOrStdout(), query)
	some := false
	for point, err := range inOrder(history.Range(cmd.Context(), query)) {
		if err == nil {
			err = output.add(point)
		}
		if err != nil {
			return errors.Join(err, output.flush())
		}
		some = true
	}
	if err := output.flush(); err != nil {
		return err
	}
	err := noteUnknownNames(cmd.Context(), history, query.Filter, cmd.ErrOrStderr())
	if err != nil || some || explained {
		return err
	}
	return explainNothing(cmd, history, query)
}

// inOrder puts the points of each moment in the order of their names. That in which their series
// were first seen is another one after an import: the same samples would be exported differently.
func inOrder(points iter.Seq2[service.Point, error]) iter.Seq2[service.Point, error] {
	return func(yield func(service.Point, error) bool) {
		var gathered []service.Point // of one moment
		flush := func() bool {
			slices.SortFunc(gathered, compareNames)
			for _, point := range gathered {
				if !yield(point, nil) {
					return false
				}
			}
			gathered = gathered[:0]
			return true
		}
		for point, err := range points {
			if len(gathered) > 0 && (err != nil || !point.Time.Equal(gathered[0].Time)) && !flush() {
				return
			}
			if err != nil {
				yield(service.Point{}, err)
				return
			}
			gathered = append(gathered, point)
		}
		flush()
	}
}

func compareNames(a, b service.Point) int {
	return cmp.Or(
		cmp.Compare(a.WAN, b.WAN),
		cmp.Compare(a.Metric, b.Metric),
		cmp.Compare(showLabels(a.Labels), showLabels(b.Labels)),
		cmp.Compare(a.Granularity, b.Granularity),
	)
}

// explainBuckets tells somebody who exports samples that the range begins with what has been rolled
// up, and returns whether it does.
func explainBuckets(
	cmd *cobra.Command, history *service.History, query service.Query,
) (bool, error) {
	query.Only = nil
	for point, err := range history.Range(cmd.Context(), query) {
		if err != nil || point.Granularity == service.Raw {
			return false, err
		}
		fmt.Fprintf(cmd.ErrOrStderr(),
			"samples only: the oldest of this range, from %s on, have become buckets, which --granularity "+
				"%s exports\n",
			showTime(point.Time, zoneOf(cmd)), point.Granularity)
		return true, nil
	}
	return false, nil
}
