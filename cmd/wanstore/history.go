package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/wanstore/wanstore/internal/quantile"
	"github.com/wanstore/wanstore/service"
)

// historyOptions are the flags of the command.
type historyOptions struct {
	rangeFlags
	summary   bool
	plot      bool
	quantiles quantilesFlag
	limit     int64
	offset    int64
	format    string
	json      bool
}

func newHistory() *cobra.Command {
	options := historyOptions{}
	cmd := &cobra.Command{
		Use:   "history (--last DURATION | --from TIME [--to TIME])",
		Short: "Show points or summaries of a range",
		Long: `
Show what was recorded in a range of time. The range includes its beginning and not its end. The
command only reads, and another program may write the file meanwhile. Reading ends with an error
after a minute, or after two seconds while the WAL is larger than 64 MiB. That includes the time in
which a pipe, such as a pager's, does not take the output.

Without --step all rows of the range are shown, each at the finest granularity that is left: raw
samples or, where those have been deleted, the buckets of 1 minute, 5 minutes or 1 hour that were
made from them. With --step there is one row for each series and step. It is made from the coarsest
buckets that fit, and the range begins with a whole step. No row is narrower than the step. Where
only buckets are left that do not divide the step, rows are wider, of whole buckets. Each row says
its width and its granularity. The value of a row is the mean of its samples or, for a state, the
most frequent one.

Steps of whole days are days of the zone in which times are shown, of 23, 24 or 25 hours. Steps of
whole weeks begin on Mondays. Steps of months, such as 1mo, are calendar months of that
zone. Where only buckets of 1 hour are left and the zone is not whole hours from UTC, an hour
belongs to the day in which it begins.

--quantiles adds percentiles of measurements, such as p95: 95 % of the samples of the row are not
greater. They are exact in rows made from raw samples alone, whose granularity is raw, and within
1.1 % in those made from buckets. Those of states, and of buckets that keep no distribution, are
left empty. --summary shows p50, p95 and p99 unless others are chosen. It takes buckets where they
are whole in the range, or with --step in the step, so its percentiles are within 1.1 %, too;
without --step those of 100,000 samples at most are exact. Its tables are one of measurements and
one of states. They are rounded, and leave out what does not fit into 120 columns; JSON and CSV have
everything.

With --plot the series are drawn: measurements as a line through the means of the steps, with a
shade from their least sample to their 95th percentile, or to the greatest where no percentiles are
known, and states as a ribbon. A second ribbon above shows the worst state of each step, where the
two differ. 24 series are drawn, the others are counted. Without --step the step fits the width
of the terminal (or $COLUMNS). Where nothing was recorded nothing is drawn. A terminal gets colours
unless $NO_COLOR is set.

` + timesHelp + `
Where a change of the clocks makes a local time ambiguous, name its zone. Tables and plots show
times in the same zone, JSON and CSV in UTC. ` + durationsHelp + `
Without --limit there is no limit of rows.

A metric or WAN that the file does not have is reported on standard error, with the name that was
probably meant.`,
		Example: `  wanstore history --last 1h
  wanstore history --last 1d --plot
  wanstore history --last 7d --step 1h --metrics wanctl_rtt_ms,wanctl_state
  wanstore history --from monday --step 1d --wan starlink --summary
  wanstore history --last 1d --step 1h --metrics wanctl_rtt_ms --quantiles 0.5,0.95,0.999
  wanstore history --last 1d --granularity 5m --label tech=LTE --format csv > day.csv
  wanstore history --last 10m --json | jq '.[].value'`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return options.run(cmd) },
	}
	options.addFlags(cmd)
	return cmd
}

func (o *historyOptions) addFlags(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.SortFlags = false
	o.add(cmd)
	flags.BoolVar(&o.summary, "summary", false,
		"one row a series (and step): count, min, max, average, percentiles, last, shares of states")
	flags.BoolVar(&o.plot, "plot", false, "draw the series")
	flags.Var(&o.quantiles, "quantiles", "add these quantiles: 0.5,0.95,0.999 for p50, p95 and p99.9")
	flags.Int64Var(&o.limit, "limit", 0, "show at most this many `ROWS`")
	flags.Int64Var(&o.offset, "offset", 0, "leave out this many `ROWS` first")
	flags.StringVar(&o.format, "format", formatTable, "print in this `FORMAT`: table, json or csv")
	flags.BoolVar(&o.json, "json", false, "the same as --format json")
	complete(cmd, "format", choices(formatTable, formatJSON, formatCSV))
	complete(cmd, "quantiles", quantileLists)
}

func (o *historyOptions) run(cmd *cobra.Command) error {
	query, err := o.query(cmd)
	if err != nil {
		return err
	}
	history, _, err := openHistory(cmd)
	if err != nil {
		return err
	}
	shown, err := o.show(cmd, history, query)
	if err == nil {
		err = noteUnknownNames(cmd.Context(), history, query.Filter, cmd.ErrOrStderr())
	}
	if err == nil && shown+o.offset == 0 && o.format == formatTable {
		err = explainNothing(cmd, history, query)
	}
	return errors.Join(err, history.Close())
}

// query makes the flags a query, and refuses what does not go together.
func (o *historyOptions) query(cmd *cobra.Command) (service.Query, error) {
	if err := o.checkFlags(cmd); err != nil {
		return service.Query{}, usage(cmd, err)
	}
	query, err := o.rangeFlags.query(cmd)
	query.Quantiles = len(o.quantiles.list) > 0
	return query, err
}

func (o *historyOptions) checkFlags(cmd *cobra.Command) error {
	if o.json {
		if cmd.Flags().Changed("format") && o.format != formatJSON {
			return fmt.Errorf("--json and --format %s exclude each other", o.format)
		}
		o.format = formatJSON
	}
	if o.summary && len(o.quantiles.list) == 0 {
		o.quantiles.list = quantile.Usual()
	}
	if err := o.checkPlot(cmd); err != nil {
		return err
	}
	switch {
	case o.last.Duration == 0 && o.from.IsZero():
		return errors.New("which range? give --last or --from")
	case cmd.Flags().Changed("limit") && o.limit < 1:
		return fmt.Errorf("--limit %d: want 1 or more", o.limit)
	case o.offset < 0:
		return fmt.Errorf("--offset %d: want 0 or more", o.offset)
	}
	return oneOf("format", o.format, formatTable, formatJSON, formatCSV)
}

func (o *historyOptions) checkPlot(cmd *cobra.Command) error {
	for _, other := range []string{
		"summary", "quantiles", "format", "json", "limit", "offset", "granularity",
	} {
		if o.plot && cmd.Flags().Changed(other) {
			return fmt.Errorf("--plot and --%s exclude each other", other)
		}
	}
	if o.plot && o.step.Months > 0 {
		return errors.New("--plot cannot draw months: want a --step of days or weeks")
	}
	return nil
}

// parseLabels reads KEY=VALUE.
func parseLabels(list []string) (service.Labels, error) {
	labels := service.Labels{}
	for _, text := range list {
		key, value, ok := strings.Cut(text, "=")
		if !ok || key == "" {
			return nil, fmt.Errorf("--label %q: want KEY=VALUE", text)
		}
		if before, ok := labels[key]; ok && before != value {
			return nil,
				fmt.Errorf("--label %s: a series has one value for it, not both %q and %q", key, before, value)
		}
		labels[key] = value
	}
	return labels, nil
}

// show writes the answer and returns how many rows it had.
func (o *historyOptions) show(
	cmd *cobra.Command, history *service.History, query service.Query,
) (int64, error) {
	ctx, out := cmd.Context(), cmd.OutOrStdout()
	look, err := newLook(ctx, history, zoneOf(cmd))
	if err != nil {
		return 0, err
	}
	switch {
	case o.plot:
		return plot(ctx, history, query, out, look)
	case o.summary:
		return o.showSummaries(ctx, history, query, out, look)
	}
	output := newPointRows(o.format, out, query.Stepped(), o.quantiles.list)
	part := slice{limit: o.limit, skip: o.offset}
	for point, err := range history.Range(ctx, query) {
		if err != nil {
			return part.taken, errors.Join(err, output.flush())
		}
		if !part.take() {
			continue
		}
		row := newPointRow(point, look, query.Stepped(), o.quantiles.list)
		if err := output.add(row); err != nil {
			return part.taken, err
		}
		if part.full() {
			break
		}
	}
	return part.taken, output.end()
}

func (o *historyOptions) showSummaries(
	ctx context.Context, history *service.History, query service.Query, out io.Writer, look look,
) (int64, error) {
	list, err := history.Summarize(ctx, query)
	if err != nil {
		return 0, err
	}
	output := newSummaryRows(o.format, out, query, look, o.quantiles.list)
	part := slice{limit: o.limit, skip: o.offset}
	for _, summary := range list {
		if part.full() || !part.take() {
			continue
		}
		if err := output.add(summary); err != nil {
			return part.taken, err
		}
	}
	return part.taken, output.end()
}

// slice is the part of the rows that was asked for.
type slice struct {
	limit int64 // 0 for none
	skip  int64
	taken int64
}

// take says whether the next row is in it.
func (s *slice) take() bool {
	if s.skip > 0 {
		s.skip--
		return false
	}
	s.taken++
	return true
}

func (s *slice) full() bool { return s.limit > 0 && s.taken >= s.limit }

// explainNothing tells somebody who got no rows where there are some.
func explainNothing(cmd *cobra.Command, history *service.History, query service.Query) error {
	ctx, out, zone := cmd.Context(), cmd.ErrOrStderr(), zoneOf(cmd)
	picked, err := history.Latest(ctx, query.Filter)
	if err != nil {
		return err
	}
	if len(picked) == 0 {
		return explainFilter(ctx, history, out)
	}
	last := picked[0].Time
	for _, point := range picked {
		if point.Time.After(last) {
			last = point.Time
		}
	}
	newest := showTime(last, zone)
	if !last.Before(query.From) && last.Before(query.Until) {
		fmt.Fprintf(out, "nothing of this granularity: the newest sample is of %s\n", newest)
		return nil
	}
	fmt.Fprintf(out, "nothing from %s to %s: the newest sample is of %s\n",
		showTime(query.From, zone), showTime(query.Until, zone), newest)
	return nil
}

// explainFilter tells somebody whose filter picked no series what there is to pick from.
func explainFilter(ctx context.Context, history *service.History, out io.Writer) error {
	all, err := namesOf(ctx, history, service.Filter{})
	if err != nil {
		return err
	}
	if len(all.metrics) == 0 {
		fmt.Fprintln(out, "nothing: the file holds no samples")
		return nil
	}
	fmt.Fprintf(out, "nothing: the file has no such series; it has metrics %s of WAN %s\n",
		list(all.metrics), list(all.wans))
	return nil
}

// list names the members of a set, the first twenty of them.
func list(set map[string]bool) string {
	const most = 20
	names := slices.Sorted(maps.Keys(set))
	if len(names) > most {
		names = append(names[:most], "...")
	}
	for i, name := range names {
		names[i] = printable(name)
	}
	return strings.Join(names, ", ")
}
