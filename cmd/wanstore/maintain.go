package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/wanstore/wanstore/internal/clock"
	"github.com/wanstore/wanstore/service"
)

func newMaintain() *cobra.Command {
	options := maintainOptions{}
	cmd := &cobra.Command{
		Use:   "maintain",
		Short: "Run one full pass of maintenance and report it",
		Long: `
Run one full pass of maintenance: roll raw samples up into buckets of 1 minute, 5 minutes and 1
hour, delete rows that have reached the age of their tier, and give free space back. A file that is
being recorded needs no such pass, because its recorder runs one each minute. Both may run at once.

The file holds the ages of its tiers. --retention-days and --keep-* change them there, also for
later commands.

--mode makes a state of a metric that the file has averaged, --average does the opposite. Buckets
are made again where all their raw samples are left. Older buckets keep their value: an average
becomes the one state of its bucket.

Ages are counted from this machine's clock, or from --now, which must not be later. A clock that is
ahead deletes nothing. Where it is more than a minute later than at the last pass, it may have
jumped: until it has run for as long again, six hours at most, rows are deleted by the time of the
last pass. So a pass each night deletes what was due the night before. --now is always believed.

By the machine's clock, old data that was imported with --now is past its retention: two passes
without --now, half an hour apart, delete all of it.

` + timesHelp,
		Example: `  wanstore maintain
  wanstore maintain --retention-days 365
  wanstore maintain --mode wanctl_wan_zone
  wanstore maintain --now 2025-01-31 --db starlink.db --json`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return options.run(cmd) },
	}
	cmd.Flags().SortFlags = false
	cmd.Flags().StringArrayVar(&options.modes, "mode", nil,
		"make this `METRIC` a state; may be repeated")
	cmd.Flags().StringArrayVar(&options.averages, "average", nil,
		"have this `METRIC` averaged; may be repeated")
	addNowFlag(cmd, &options.now,
		"the moment that ages are counted from, instead of the machine's clock")
	addJSONFlag(cmd, &options.json)
	addPolicyFlags(cmd)
	complete(cmd, "mode", metricNames)
	complete(cmd, "average", metricNames)
	return cmd
}

// maintainOptions are the flags of the command.
type maintainOptions struct {
	modes, averages []string
	now             nowFlag
	json            bool
}

func (o *maintainOptions) run(cmd *cobra.Command) error {
	for _, metric := range o.modes {
		if slices.Contains(o.averages, metric) {
			return usagef(cmd, "--mode and --average exclude each other for one metric: %s", metric)
		}
	}
	config, err := configure(cmd)
	if err != nil {
		return err
	}
	ctx := cmd.Context()
	if err := o.mustBeHistory(cmd, config.DBPath); err != nil {
		return explainMissing(cmd, err)
	}
	writer, err := openWriter(cmd, config, service.Options{
		Logger: newLogger(cmd), Now: o.now.read, TrustClock: !o.now.IsZero(), NoMaintenance: true,
	})
	if err != nil {
		return err
	}
	corrected, err := o.correct(cmd, writer)
	if err != nil {
		return errors.Join(err, closeWriter(ctx, writer))
	}
	// one pass has no end but that nothing is due, an error, or ctx
	report, err := writer.Maintain(ctx)
	if err != nil {
		err = fmt.Errorf("maintain: %w", err)
	}
	err = errors.Join(err, wasDamaged(writer), closeWriter(ctx, writer))
	done := newMaintenance(report, zoneOf(cmd))
	done.Corrected = corrected
	return errors.Join(err, writeReport(cmd.OutOrStdout(), done, o.json))
}

// correct gives metrics another aggregation, and returns how many series that has changed.
func (o *maintainOptions) correct(
	cmd *cobra.Command, writer *service.Writer,
) (map[string]int, error) {
	corrected := map[string]int{}
	for aggregation, metrics := range map[service.Aggregation][]string{
		service.Mode: o.modes, service.Average: o.averages,
	} {
		for _, metric := range metrics {
			changed, err := writer.SetAggregation(cmd.Context(), metric, aggregation)
			if errors.Is(err, service.ErrName) {
				return nil, usage(cmd, err)
			}
			if err != nil {
				return nil, err
			}
			corrected[metric] = changed
		}
	}
	return corrected, nil
}

// wasDamaged is an error if there was nothing to maintain but a new file in the place of a damaged
// one.
func wasDamaged(writer *service.Writer) error {
	if writer.Status().Quarantines == 0 {
		return nil
	}
	return fmt.Errorf("maintain %s: %w, and has been moved aside: a new one has taken its place",
		writer.Path(), service.ErrDamaged)
}

// mustBeHistory refuses what the writer would make, or make a history of. Any other error is the
// writer's to find: it brings an older file up to date, for example, which a reader can't.
func (o *maintainOptions) mustBeHistory(cmd *cobra.Command, name string) error {
	history, err := service.OpenHistory(cmd.Context(), name)
	if err == nil {
		changed := service.Filter{Metrics: slices.Concat(o.modes, o.averages)}
		err = noteUnknownNames(cmd.Context(), history, changed, cmd.ErrOrStderr())
		return errors.Join(err, history.Close())
	}
	if errors.Is(err, service.ErrMissing) || errors.Is(err, service.ErrEmpty) {
		return err
	}
	return nil
}

// maintenance is what was done, as JSON has it.
type maintenance struct {
	RolledUp    map[string]int64 `json:"rolled_up"`
	Deleted     map[string]int64 `json:"deleted"`
	Expired     int64            `json:"expired"`
	PagesFreed  int64            `json:"pages_freed"`
	Steps       int              `json:"steps"`
	LongestStep longestStep      `json:"longest_step"`
	TookSeconds float64          `json:"took_seconds"`
	MoreDue     bool             `json:"more_due"`
	// How far the clock is ahead of what can be explained, and until when deleting waits for it to
	// prove itself.
	ClockDoubtSeconds float64 `json:"clock_doubt_seconds"`
	DeletesAgain      moment  `json:"deletes_again"`
	// Corrected are the series that have got another aggregation, by metric.
	Corrected map[string]int `json:"corrected,omitempty"`

	took  time.Duration
	doubt time.Duration
	zone  *time.Location // for print
}

// longestStep is the step that everybody else had to wait for longest.
type longestStep struct {
	Name    string  `json:"name"`
	Seconds float64 `json:"seconds"`

	took time.Duration
}

func newMaintenance(r service.Report, zone *time.Location) *maintenance {
	return &maintenance{
		RolledUp:   rolledUp(r.RolledUp),
		Deleted:    deleted(r.Deleted),
		Expired:    r.Expired,
		PagesFreed: r.PagesFreed,
		Steps:      r.Steps,
		LongestStep: longestStep{Name: r.LongestName, Seconds: r.LongestStep.Seconds(),
			took: r.LongestStep},
		TookSeconds: r.Took.Seconds(),
		MoreDue:     r.MoreDue,

		ClockDoubtSeconds: r.ClockDoubt.Seconds(),
		DeletesAgain:      moment{r.DeletesAgain},

		took:  r.Took,
		doubt: r.ClockDoubt,
		zone:  zone,
	}
}

// why says why deleting waits.
func (m *maintenance) why() string {
	if m.doubt == 0 {
		return "the file has seen no clock before"
	}
	return "the clock has gone on by " + clock.FormatDuration(m.doubt.Round(time.Second)) + " unseen"
}

// print shows the report to people.
func (m *maintenance) print(out io.Writer) error {
	lines := newTable(out)
	more := "no"
	if m.MoreDue {
		more = "yes"
	}
	facts := append(m.rollUps(), m.deletions()...)
	facts = append(facts,
		[]string{"expired", number(m.Expired) + " samples, never rolled up"},
		[]string{"freed", number(m.PagesFreed) + " pages"},
		[]string{"steps",
			fmt.Sprintf("%d, the longest %s (%s)", m.Steps, brief(m.LongestStep.took), m.LongestStep.Name)},
		[]string{"took", brief(m.took)},
		[]string{"more due", more},
	)
	for _, metric := range slices.Sorted(maps.Keys(m.Corrected)) {
		facts = append(facts,
			[]string{"corrected " + printable(metric), number(int64(m.Corrected[metric])) + " series"})
	}
	if !m.DeletesAgain.IsZero() {
		facts = append(facts,
			[]string{"deleting waits", m.why() + ": run it again after " + m.DeletesAgain.show(m.zone)})
	}
	for _, fact := range facts {
		if err := lines.add(fact...); err != nil {
			return err
		}
	}
	return lines.end()
}

// level names the roll-up that makes the rows of a tier.
func level(to service.Granularity) string { return (to - 1).String() + "->" + to.String() }

// rolledUp returns the rows that were made, by level.
func rolledUp(rows service.TierRows) map[string]int64 {
	list := map[string]int64{}
	for to := service.Minute; to <= service.Hour; to++ {
		list[level(to)] = rows[to]
	}
	return list
}

// deleted returns the rows that were deleted, by tier.
func deleted(rows service.TierRows) map[string]int64 {
	list := map[string]int64{}
	for tier := service.Raw; tier <= service.Hour; tier++ {
		list[tier.String()] = rows[tier]
	}
	return list
}

// rollUps lists the levels in the order of the tiers.
func (m *maintenance) rollUps() [][]string {
	var facts [][]string
	for to := service.Minute; to <= service.Hour; to++ {
		facts = append(facts,
			[]string{"rolled up " + level(to), number(m.RolledUp[level(to)]) + " rows"})
	}
	return facts
}

func (m *maintenance) deletions() [][]string {
	var facts [][]string
	for tier := service.Raw; tier <= service.Hour; tier++ {
		facts = append(facts,
			[]string{"deleted " + tier.String(), number(m.Deleted[tier.String()]) + " rows"})
	}
	return facts
}

// brief returns a duration with three digits, from seconds down.
func brief(d time.Duration) string {
	switch {
	case d >= time.Minute:
		return clock.FormatDuration(d.Round(time.Second))
	case d >= time.Second:
		return threeDigits(d.Seconds()) + " s"
	case d >= time.Millisecond:
		return threeDigits(float64(d)/1e6) + " ms"
	default:
		return threeDigits(float64(d)/1e3) + " µs"
	}
}

func threeDigits(value float64) string {
	switch {
	case value >= 100:
		return strconv.FormatFloat(value, 'f', 0, 64)
	case value >= 10:
		return strconv.FormatFloat(value, 'f', 1, 64)
	}
	return strconv.FormatFloat(value, 'f', 2, 64)
}
