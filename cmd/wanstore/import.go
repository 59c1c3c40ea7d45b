package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/wanstore/wanstore/importer"
	"github.com/wanstore/wanstore/service"
)

const (
	// standardInput is the argument that stands for it.
	standardInput = "-"
	// formatWanctl is that of the databases of wanctl.
	formatWanctl = "wanctl"
)

// importOptions are the flags of the command.
type importOptions struct {
	format     string
	modes      []string
	skipBad    bool
	merge      bool
	keepLabels bool
	verbose    bool
	follow     bool
	now        nowFlag
	json       bool
}

func newImport() *cobra.Command {
	options := importOptions{}
	cmd := &cobra.Command{
		Use:   "import FILE...",
		Short: "Import CSV files or databases of wanctl",
		Long:  importHelp,
		Example: `  wanstore import measurements.csv.gz
  wanstore import --now 2025-01-30T22:05:00Z --db starlink.db starlink.csv.gz
  ssh router cat /var/log/metrics.csv | wanstore import -
  wanstore import --mode modem_link_state --skip-bad modem.csv
  wanstore import --format wanctl --db history.db /var/lib/wanctl/metrics.db
  wanstore import --format wanctl --follow --db history.db /var/lib/wanctl/metrics-*.db`,
		ValidArgsFunction: files,
		RunE:              options.run,
	}
	options.addFlags(cmd)
	return cmd
}

const importHelp = `
Import recorded measurements from CSV files. "-" reads standard input. A file may be compressed by
gzip. Its first line is

  timestamp_ms,wan,metric,labels_json,value

or the same with timestamp_us, for microseconds. labels_json is a JSON object whose values are
texts, {} for none.

An import adds only what is new: the history remembers how far it has taken the same data, under
whatever name. So an import can be interrupted and run again, and of a file that has grown it takes
what was added. A bad line stops the import before that line, unless --skip-bad is given. A metric
that nobody has declared is averaged; --mode makes it a state. Where the history has averaged it
already, "wanstore maintain --mode" corrects that.

Single samples are recognized while they are still raw. Where the history holds rolled-up data of a
series, it cannot tell whether a row is already in there. Such rows are reported before the import
starts, and skipped. Rows newer than all samples of their series are always taken, so import the
older of two files first. --merge also takes the rows that were skipped, in this run or a later one,
once.

Each row that is READ is STORED, a DUPLICATE or REFUSED. All others are KNOWN from an earlier
import, BAD, SKIPPED or HELD.

With --format wanctl the files are databases of wanctl, usually one for each WAN. They are only
read. Raw rows of one series in one second are spread over that second in their order. The two
newest seconds are HELD until they are over. An aggregated row has no count, minimum or maximum. It
becomes one sample at the time of its bucket if the history has nothing of its series in that
bucket; otherwise it is SKIPPED. Rows whose labels are not texts are SKIPPED, too, such as those of
wanctl_config_snapshot. Labels that are prose make no series: a transition's reason, and any text of
three words or more. --keep-labels keeps them.

The next run takes the rows that are new. wanctl keeps raw rows for a quarter of an hour by default;
the import reports how long. Where they were deleted before an import took them, aggregated rows
fill the gap. So while wanctl runs, use --follow: it imports every few minutes until it is
interrupted, and maintains the history. A row ahead of the clock is BAD until its time has come. An
older copy of a database that was imported before is not recognized: import it into a history of its
own.

Ages are counted from the machine's clock, and rows older than the retention are refused. Old data
needs --now, another moment to count from: choose one shortly after its last row. Later commands on
that history need --now as well, because by the machine's clock it is past its retention.

` + timesHelp

func (o *importOptions) addFlags(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringVar(&o.format, "format", formatCSV, "`FORMAT` of the files: csv or wanctl")
	flags.StringArrayVar(&o.modes, "mode", nil, "this `METRIC` is a state; may be repeated")
	flags.BoolVar(&o.skipBad, "skip-bad", false, "report bad lines or rows and continue")
	flags.BoolVar(&o.merge, "merge", false,
		"also take rows of CSV that rolled-up data may hold already")
	flags.BoolVar(&o.keepLabels, "keep-labels", false,
		"keep all labels of wanctl's rows, also prose")
	flags.BoolVar(&o.follow, "follow", false,
		"import from wanctl's databases every few minutes")
	flags.BoolVar(&o.verbose, "verbose", false, "name the rows that are skipped")
	addNowFlag(cmd, &o.now,
		"the moment that ages are counted from, instead of the machine's clock")
	addJSONFlag(cmd, &o.json)
	addPolicyFlags(cmd)
	complete(cmd, "format", choices(formatCSV, formatWanctl))
	complete(cmd, "mode", metricNames)
}

func (o *importOptions) run(cmd *cobra.Command, files []string) error {
	if len(files) == 0 {
		return usagef(cmd, "which files? name one or more, %s for standard input", standardInput)
	}
	if err := o.check(files); err != nil {
		return usage(cmd, err)
	}
	config, err := configure(cmd)
	if err != nil {
		return err
	}
	for _, file := range files {
		if err := readable(file); err != nil {
			return err
		}
	}
	ctx := cmd.Context()
	writer, err := openWriter(cmd, config, service.Options{
		Logger: newLogger(cmd), Metrics: o.metrics(), Now: o.now.read, NoMaintenance: !o.follow,
	})
	if errors.Is(err, service.ErrName) || errors.Is(err, service.ErrAggregation) {
		return usage(cmd, o.explainModes(err, config.DBPath))
	}
	if err != nil {
		return err
	}
	run := o.newRun(cmd, writer, files)
	if err = run.all(ctx); err == nil && o.follow {
		err = run.goOn(ctx, time.After)
	}
	if o.follow && errors.Is(err, context.Canceled) {
		err = nil // so it is told to end
	}
	end := writer.Close
	if err != nil {
		end = writer.CloseWithoutRollUp // the next run brings what is left
	}
	err = errors.Join(err, ended(ctx, end))
	return errors.Join(err, o.report(cmd, run.rows()))
}

// explainModes says how a metric that the file averages becomes a state.
func (o *importOptions) explainModes(err error, path string) error {
	measured := slices.ContainsFunc(service.Metrics(), func(metric service.Metric) bool {
		return metric.Aggregation == service.Average && slices.Contains(o.modes, metric.Name)
	})
	if !errors.Is(err, service.ErrAggregation) || measured {
		return fmt.Errorf("--mode: %w", err)
	}
	return fmt.Errorf("--mode: %w: `wanstore maintain --db %s --mode %s` makes it a state: of what "+
		"is still raw, older buckets keep their averages", err, printable(path),
		strings.Join(o.modes, " --mode "))
}

func (o *importOptions) check(files []string) error {
	if err := oneOf("format", o.format, formatCSV, formatWanctl); err != nil {
		return err
	}
	if o.follow && (o.format != formatWanctl || !o.now.IsZero()) {
		return errors.New("--follow is for --format wanctl, and by the machine's clock: without --now")
	}
	seen := false
	for _, file := range files {
		if file == standardInput && o.format == formatWanctl {
			return errors.New("standard input is no database: name a file")
		}
		if file == standardInput && seen {
			return errors.New("standard input can be read once")
		}
		seen = seen || file == standardInput
	}
	return nil
}

// readable says what is wrong with an input file, before anything is made.
func readable(name string) error {
	if name == standardInput {
		return nil
	}
	info, err := os.Stat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("open %s: %w", name, service.ErrMissing)
	}
	if err != nil {
		return err
	}
	if info.IsDir() {
		return fmt.Errorf("open %s: %w", name, service.ErrDirectory)
	}
	if !info.Mode().IsRegular() {
		return nil // to open a named pipe would take from it
	}
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	return file.Close()
}

// metrics declares the states.
func (o *importOptions) metrics() []service.Metric {
	var list []service.Metric
	for _, name := range o.modes {
		list = append(list, service.Metric{Name: name, Aggregation: service.Mode})
	}
	return list
}

// explain adds to an error what can be done about it.
func (o *importOptions) explain(err error) error {
	var bad *importer.LineError
	switch {
	case errors.Is(err, service.ErrAhead) && o.format == formatWanctl:
		return fmt.Errorf("%w (all other rows have been taken; --skip-bad reports such rows and goes on)",
			err)
	case errors.Is(err, importer.ErrHeader): // not to be skipped
		return err
	case errors.As(err, &bad) && bad.Line == 0:
		return fmt.Errorf("%w (stopped before the second that this row is in; --skip-bad goes on)", err)
	case errors.As(err, &bad):
		return fmt.Errorf("%w (stopped before this line; --skip-bad goes on)", err)
	case errors.Is(err, context.Canceled), errors.Is(err, importer.ErrOpened):
		return fmt.Errorf("%w (run it again to go on from there)", err)
	}
	return err
}

func (o *importOptions) report(cmd *cobra.Command, done []importRow) error {
	switch {
	case len(done) == 0: // the first file has failed before any row was taken
		return nil
	case o.json:
		return writeJSON(cmd.OutOrStdout(), done)
	}
	return printImports(cmd.OutOrStdout(), done)
}
