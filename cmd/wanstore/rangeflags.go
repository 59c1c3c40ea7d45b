package main

import (
	"errors"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/wanstore/wanstore/service"
)

// rangeFlags are the flags that say which part of the history is meant: when, of which series, and
// how fine.
type rangeFlags struct {
	last        durationFlag
	from, to    timeFlag
	now         nowFlag
	metrics     []string
	wan         string
	labels      []string
	step        stepFlag
	granularity string
}

func (f *rangeFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.Var(&f.last, "last", "range: this long, up to now")
	flags.Var(&f.from, "from", "range: from this moment")
	flags.Var(&f.to, "to", "range: up to this moment (default now)")
	addNowFlag(cmd, &f.now,
		"end of the range of --last and --from, instead of the machine's clock")
	flags.StringSliceVar(&f.metrics, "metrics", nil, "only these metrics, `NAME,NAME...`")
	flags.StringVar(&f.wan, "wan", "", "only the WAN of this `NAME`")
	flags.StringArrayVar(&f.labels, "label", nil,
		"only series with this label, `KEY=VALUE`; may be repeated")
	flags.Var(&f.step, "step", "show one row for each series and step of this length")
	flags.StringVar(&f.granularity, "granularity", "",
		"only rows of this `TIER`: raw, 1m, 5m or 1h")
	complete(cmd, "metrics", metricLists)
	complete(cmd, "wan", wanNames)
	complete(cmd, "step", steps())
	complete(cmd, "granularity", choices(granularities()...))
}

// given says that there is a range among the flags.
func (f *rangeFlags) given() bool {
	return f.last.Duration != 0 || !f.from.IsZero() || !f.to.IsZero()
}

// query makes the flags a query, and refuses what does not go together. Without a range it asks for
// everything.
func (f *rangeFlags) query(cmd *cobra.Command) (service.Query, error) {
	query := service.Query{Filter: service.Filter{WAN: f.wan}, Step: f.step.Duration,
		Months: f.step.Months, Zone: zoneOf(cmd)}
	if err := f.check(); err != nil {
		return query, usage(cmd, err)
	}
	for _, name := range f.metrics {
		query.Metrics = append(query.Metrics, strings.TrimSpace(name))
	}
	labels, err := parseLabels(f.labels)
	if err != nil {
		return query, usage(cmd, err)
	}
	query.Labels = labels
	if f.granularity != "" {
		if err := oneOf("granularity", f.granularity, granularities()...); err != nil {
			return query, usage(cmd, err)
		}
		tier, err := service.ParseGranularity(f.granularity)
		if err != nil {
			return query, usage(cmd, err)
		}
		query.Only = &tier
	}
	query.From, query.Until = f.span()
	return query, nil
}

func (f *rangeFlags) check() error {
	switch {
	case f.last.Duration != 0 && (!f.from.IsZero() || !f.to.IsZero()):
		return errors.New("--last excludes --from and --to")
	case f.step != stepFlag{} && f.granularity != "":
		return errors.New("--step and --granularity exclude each other")
	}
	return nil
}

// span returns the range, which without one is all the time that a file can hold.
func (f *rangeFlags) span() (from, until time.Time) {
	if !f.given() {
		return time.Unix(0, 0), time.Date(10000, time.January, 1, 0, 0, 0, 0, time.UTC)
	}
	from, until = f.from.Time, f.to.Time
	if until.IsZero() {
		until = f.now.read()
	}
	switch {
	case f.last.Duration != 0:
		from = until.Add(-f.last.Duration)
	case from.IsZero():
		from = time.Unix(0, 0)
	}
	return from, until
}

// granularities lists the names of the tiers.
func granularities() []string {
	var names []string
	for tier := service.Raw; tier <= service.Hour; tier++ {
		names = append(names, tier.String())
	}
	return names
}
