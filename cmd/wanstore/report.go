package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/wanstore/wanstore/report"
	"github.com/wanstore/wanstore/service"
)

// reportOptions are the flags of the command.
type reportOptions struct {
	month  string
	wan    string
	format string
}

func newReport() *cobra.Command {
	options := reportOptions{}
	cmd := &cobra.Command{
		Use:   "report",
		Short: "Sum up a month, day by day",
		Long: fmt.Sprintf(`
Sum up what each WAN did in a month (the current one, or that of --month), for each day and in all.
Days are those of the zone in which times are shown, of 23, 24 or 25 hours. Where something was not
measured there is no value: the table has a -, JSON null, and CSV nothing. The command only reads.

MEASURED
    the time for which there are samples. It is found out bucket by bucket: a bucket, of 1 minute
    or what is left, counts in full where it has as many samples as is usual around it (the median
    of eleven buckets) or one less, and in proportion where it has fewer. At a pace slower than
    buckets, up to an hour, a sample counts until the next one.
DOWN, UP
    GB, of 1e9 bytes, received and sent: the mean of %s and
    %s in each bucket, times the measured time of the bucket. Time without
    samples counts nothing. wanctl records the limits that it sets as these rates: then this is
    what could have been sent, not what was.
STATES
    the share of the samples of %s in each state
P50, P95, P99
    percentiles of %s, within 1.1 %%
LOSS
    the share of the echoes that were lost, where it was recorded
OUTAGES
    how many outages began on the day, and how long it had any

An outage is time in which the state was RED and no round-trip time was measured. Time in which
nothing was measured at all, such as that of a recorder which did not run, is none. Outages are made
of whole buckets, so one that fills none is not seen: buckets are of 1 minute while the file keeps
those, of 5 minutes or 1 hour later. Each outage is listed with its length, its GRANULARITY, and the
longest round-trip time in the buckets right before and after it.`,
			service.RateDownload, service.RateUpload, service.State, service.RTT),
		Example: `  wanstore report
  wanstore report --month 2026-11 --wan cable
  wanstore report --month 2026-11 --format csv > november.csv
  wanstore report --format json | jq '.wans[].total.download_gb'`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return options.run(cmd) },
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringVar(&options.month, "month", "",
		"the `MONTH`, such as "+report.MonthHelp+" (default: the current one)")
	flags.StringVar(&options.wan, "wan", "", "only the WAN of this `NAME`")
	flags.StringVar(&options.format, "format", formatTable,
		"print in this `FORMAT`: table, json or csv")
	complete(cmd, "wan", wanNames)
	complete(cmd, "format", choices(formatTable, formatJSON, formatCSV))
	return cmd
}

func (o *reportOptions) run(cmd *cobra.Command) error {
	if err := oneOf("format", o.format, formatTable, formatJSON, formatCSV); err != nil {
		return usage(cmd, err)
	}
	zone := zoneOf(cmd)
	from, until, err := report.ParseMonth(o.month, zone, time.Now())
	if err != nil {
		return usagef(cmd, "--month %w", err)
	}
	history, _, err := openHistory(cmd)
	if err != nil {
		return err
	}
	query := report.Query{From: from, Until: until, Zone: zone, WAN: o.wan}
	return errors.Join(o.show(cmd, history, query), history.Close())
}

func (o *reportOptions) show(
	cmd *cobra.Command, history *service.History, query report.Query,
) error {
	made, err := report.Make(cmd.Context(), history, query)
	if err != nil {
		return err
	}
	switch out := cmd.OutOrStdout(); o.format {
	case formatJSON:
		err = writeJSON(out, made)
	case formatCSV:
		err = made.WriteCSV(out)
	default:
		err = writeDays(out, made)
	}
	if err != nil {
		return err
	}
	filter := service.Filter{WAN: o.wan}
	if err := noteUnknownNames(cmd.Context(), history, filter, cmd.ErrOrStderr()); err != nil {
		return err
	}
	if len(made.WANs) == 0 {
		fmt.Fprintf(cmd.ErrOrStderr(), "nothing was measured from %s to %s\n",
			showTime(query.From, query.Zone), showTime(query.Until, query.Zone))
	}
	return nil
}
