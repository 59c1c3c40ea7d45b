package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/wanstore/wanstore/internal/clock"
	"github.com/wanstore/wanstore/push"
	"github.com/wanstore/wanstore/service"
)

// checkPassed is what SQLite's check says of a sound file.
const checkPassed = "ok"

func newStatus() *cobra.Command {
	asJSON := false
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Show sizes and tiers, and check the file",
		Long: `
Show the sizes of the file, what each of its tiers holds and for how long, and whether SQLite's
quick check finds it sound. The command only reads, and takes about a second for 100 megabytes. The
exit code is 1 if the check finds anything, or if rows are not as they were written: "left out" says
how many they are, and where. "damaged" names a file that was moved aside because it was damaged,
"salvage" says how many of its rows were recovered.

KEEP is the age at which a tier deletes its rows. A tier has rows from its FLOOR on, and is complete
up to its WATERMARK.`,
		Example: `  wanstore status
  wanstore status --db wan.db --json`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return showStatus(cmd, asJSON) },
	}
	addJSONFlag(cmd, &asJSON)
	return cmd
}

func showStatus(cmd *cobra.Command, asJSON bool) error {
	history, name, err := openHistory(cmd)
	if err != nil {
		return err
	}
	status, err := readStatus(cmd.Context(), history, name)
	if err != nil {
		return err
	}
	status.zone = zoneOf(cmd)
	if err := writeReport(cmd.OutOrStdout(), status, asJSON); err != nil {
		return err
	}
	if status.Check != checkPassed {
		return fmt.Errorf("check %s: %w: %s", name, service.ErrDamaged, status.Check)
	}
	if len(status.Unsound) > 0 {
		return fmt.Errorf("check %s: %w: rows are not as they were written, and are left out", name,
			service.ErrDamaged)
	}
	return nil
}

// fileStatus is the state of a file, as JSON has it.
type fileStatus struct {
	Path             string       `json:"path"`
	FileBytes        int64        `json:"file_bytes"`
	WALBytes         int64        `json:"wal_bytes"`
	FreeBytes        int64        `json:"free_bytes"`
	SchemaVersion    int          `json:"schema_version"`
	Series           int          `json:"series"`
	RetentionSeconds float64      `json:"retention_seconds"`
	Check            string       `json:"check"`
	Tiers            []tierStatus `json:"tiers"`
	Quarantined      []string     `json:"quarantined"` // damaged files beside it
	// Salvages are the damaged files whose rows the file has taken in, or is taking in.
	Salvages []salvageState `json:"salvages,omitempty"`
	// Unsound is what is left out because it is not as it was written.
	Unsound []unsoundRows `json:"unsound,omitempty"`
	// Push is how far each target has been sent the history.
	Push []push.Status `json:"push,omitempty"`
	// Of the clock that ages are counted from: what deleting has gone by, and since when it is in
	// doubt.
	DeletedBy    moment `json:"deleted_by"`
	ClockDoubted moment `json:"clock_doubted"`

	retention time.Duration
	zone      *time.Location // for print
}

// tierStatus is the state of a tier. Moments that there are not yet are null.
type tierStatus struct {
	Granularity string  `json:"granularity"`
	Rows        int64   `json:"rows"`
	KeepSeconds float64 `json:"keep_seconds"`
	Floor       moment  `json:"floor"`
	Watermark   moment  `json:"watermark"`
	First       moment  `json:"first"`
	Last        moment  `json:"last"`

	keep time.Duration
}

// unsoundRows are rows of a table, or of one tier in it, that are not as they were written.
type unsoundRows struct {
	Table       string `json:"table"`
	Granularity string `json:"granularity,omitempty"`
	Rows        int64  `json:"rows"`
	From        moment `json:"from"`
	Until       moment `json:"until"`

	text string
}

func newUnsoundRows(list []service.Unsound) []unsoundRows {
	var rows []unsoundRows
	for _, one := range list {
		rows = append(rows, unsoundRows{
			Table: one.Table, Granularity: one.Granularity, Rows: one.Rows,
			From: moment{one.From}, Until: moment{one.Until}, text: one.String(),
		})
	}
	return rows
}

// salvageState is what the file says of a damaged one.
type salvageState struct {
	File   string `json:"file"`
	Ended  moment `json:"ended"` // null while rows are being taken
	Report string `json:"report"`
}

func newSalvageStates(runs []service.SalvageRun) []salvageState {
	var states []salvageState
	for _, run := range runs {
		states = append(states, salvageState{
			File: run.Source, Ended: moment{run.Ended}, Report: run.Report.String(),
		})
	}
	return states
}

func (s salvageState) text(zone *time.Location) string {
	if s.Ended.IsZero() {
		return printable(s.File) + " is being taken in"
	}
	return fmt.Sprintf("%s was taken in at %s: %s", printable(s.File), s.Ended.show(zone), s.Report)
}

func readStatus(ctx context.Context, history *service.History, name string) (fileStatus, error) {
	read, err := history.Status(ctx)
	runs, errRuns := history.Salvages(ctx)
	targets, errPush := readPushStatus(ctx, history)
	if err := errors.Join(err, errRuns, errPush, history.Close()); err != nil {
		return fileStatus{}, err
	}
	if absolute, err := filepath.Abs(name); err == nil {
		name = absolute
	}
	retention := read.Tiers[service.Hour].Keep
	status := fileStatus{
		Path: name, FileBytes: read.FileBytes, WALBytes: read.WALBytes, FreeBytes: read.FreeBytes,
		SchemaVersion: read.SchemaVersion, Series: read.Series, Check: read.Check,
		RetentionSeconds: retention.Seconds(), retention: retention,
		Unsound:  newUnsoundRows(read.Unsound),
		Salvages: newSalvageStates(runs), Push: targets,

		DeletedBy: moment{read.Clock.Trusted}, ClockDoubted: moment{read.Clock.Doubted},
	}
	if status.Quarantined, err = service.Quarantined(name); err != nil {
		return fileStatus{}, err
	}
	for _, tier := range read.Tiers {
		status.Tiers = append(status.Tiers, newTierStatus(tier, min(tier.Keep, retention)))
	}
	return status, nil
}

// newTierStatus takes the age at which the tier lets go, the retention considered.
func newTierStatus(read service.TierStatus, keep time.Duration) tierStatus {
	return tierStatus{
		Granularity: read.Granularity.String(), Rows: read.Rows,
		KeepSeconds: keep.Seconds(), keep: keep,
		Floor: moment{read.Floor}, Watermark: moment{read.Watermark},
		First: moment{read.First}, Last: moment{read.Last},
	}
}

// print shows the state to people.
func (s fileStatus) print(out io.Writer) error {
	facts := newTable(out)
	list := [][]string{
		{"file", fmt.Sprintf("%s, %s", printable(s.Path), size(s.FileBytes))},
		{"WAL", size(s.WALBytes)},
		{"free", size(s.FreeBytes) + " inside the file"},
		{"schema", fmt.Sprintf("version %d", s.SchemaVersion)},
		{"series", number(s.Series)},
		{"retention", clock.FormatDuration(s.retention)},
		{"clock", s.clockText()},
		{"check", s.Check},
	}
	for _, rows := range s.Unsound {
		list = append(list, []string{"left out", rows.text})
	}
	for _, damaged := range s.Quarantined {
		list = append(list, []string{"damaged", printable(damaged)})
	}
	for _, run := range s.Salvages {
		list = append(list, []string{"salvage", run.text(s.zone)})
	}
	for _, target := range s.Push {
		list = append(list, []string{"push", pushLine(target, s.zone)})
	}
	for _, fact := range list {
		if err := facts.add(fact...); err != nil {
			return err
		}
	}
	if err := facts.end(); err != nil {
		return err
	}
	fmt.Fprintln(out)
	tiers := newTable(out, left("TIER"), right("ROWS"), right("KEEP"),
		left("FLOOR"), left("WATERMARK"), left("FIRST"), left("LAST"))
	for _, tier := range s.Tiers {
		err := tiers.add(tier.Granularity, number(tier.Rows), clock.FormatDuration(tier.keep),
			tier.Floor.show(s.zone), tier.Watermark.show(s.zone), tier.First.show(s.zone),
			tier.Last.show(s.zone))
		if err != nil {
			return err
		}
	}
	return tiers.end()
}

// clockText says whether the clock that ages are counted from is believed.
func (s fileStatus) clockText() string {
	switch {
	case s.ClockDoubted.IsZero():
		return "believed"
	case s.DeletedBy.IsZero():
		return fmt.Sprintf("seen since %s, nothing is deleted until it has run for half an hour",
			s.ClockDoubted.show(s.zone))
	}
	return fmt.Sprintf("in doubt since %s, deleting goes by %s", s.ClockDoubted.show(s.zone),
		s.DeletedBy.show(s.zone))
}
