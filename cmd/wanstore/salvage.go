package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/wanstore/wanstore/service"
)

// salvageOptions are the flags of the command.
type salvageOptions struct {
	into   string
	now    nowFlag
	remove bool
	dryRun bool
	json   bool
}

func newSalvage() *cobra.Command {
	options := salvageOptions{}
	cmd := &cobra.Command{
		Use:   "salvage FILE",
		Short: "Recover the intact rows of a damaged file",
		Long: `
Read the intact rows of a damaged history, page by page, and take them into another history: by
default into the one whose name the file had before it was moved aside (metrics.db for
metrics.db.damaged-20261123T031245Z). A recorder does this by itself with every damaged file beside
its history. FILE may be of any version, and may be sound.

Each tier goes into its own tier. Where the history took the place of the damaged file,
buckets that both have are added up. Any other history takes only the buckets that it does not have.
Nothing is taken twice, however often the command is run or interrupted. While it runs it needs room
for a copy of the file, in a folder beside the history.

If there is no such history, it is made, with the ages of the damaged one. Rows older than what
the history keeps are left out, by the machine's clock or by --now. For a file of old data, name the
moment shortly after its last row.

` + timesHelp,
		Example: `  wanstore salvage /var/lib/wanctl/metrics.db.damaged-20261123T031245Z
  wanstore salvage --dry-run metrics.db.damaged-20261123T031245Z
  wanstore salvage --into new.db --now 2026-11-23 old.db`,
		Args:              oneFile,
		ValidArgsFunction: firstFile,
		RunE: func(cmd *cobra.Command, args []string) error {
			return options.run(cmd, args[0])
		},
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringVar(&options.into, "into", "",
		"the `HISTORY` that takes the rows (default: the one whose name the file had)")
	addNowFlag(cmd, &options.now,
		"the moment that ages are counted from, instead of the machine's clock")
	flags.BoolVar(&options.remove, "remove", false,
		"remove FILE once all its rows were taken, unless a program has it open")
	flags.BoolVar(&options.dryRun, "dry-run", false, "only report what is intact")
	addJSONFlag(cmd, &options.json)
	complete(cmd, "into", files)
	return cmd
}

func oneFile(_ *cobra.Command, args []string) error {
	switch {
	case len(args) == 0 || args[0] == "":
		return errors.New("which file? name the damaged one")
	case len(args) > 1:
		return fmt.Errorf("unexpected argument %q", args[1])
	default:
		return nil
	}
}

func (o *salvageOptions) run(cmd *cobra.Command, file string) error {
	if err := readable(file); err != nil {
		return err
	}
	into, err := o.target(cmd, file)
	if err != nil {
		return err
	}
	if info, err := os.Lstat(file); err == nil && info.Mode()&fs.ModeSymlink != 0 {
		return fmt.Errorf("%s is a link: name the file itself", file)
	}
	began := time.Now()
	prepared, err := service.PrepareSalvage(cmd.Context(), file, into)
	if err != nil {
		return err
	}
	switch {
	case o.dryRun:
	case nothingSound(prepared.Report()):
		err = fmt.Errorf("%s: there is nothing of a history in it", file)
	default:
		err = o.bring(cmd, prepared, into)
	}
	report := newSalvageReport(file, into, prepared.Report(), time.Since(began))
	report.zone = zoneOf(cmd)
	if o.dryRun {
		report.Into, report.Tiers = "", nil
	}
	if err == nil {
		err = writeReport(cmd.OutOrStdout(), report, o.json)
	}
	if err == nil && o.remove && !o.dryRun {
		err = removeSalvaged(cmd.Context(), file, prepared)
	}
	return errors.Join(err, prepared.Close())
}

// removeSalvaged removes a file of which rows have been taken. Where none were, it may have been
// read with the wrong policy or time.
func removeSalvaged(ctx context.Context, file string, prepared *service.Salvage) error {
	if prepared.Report().Taken() == 0 {
		return fmt.Errorf("%s: none of its rows have been taken, so it is not removed", file)
	}
	return prepared.Remove(ctx)
}

// nothingSound says that a file never was a history, or that all its rows are lost.
func nothingSound(r service.SalvageReport) bool {
	for _, f := range r.Found {
		if f.Sound > 0 {
			return false
		}
	}
	return true
}

// target is the history that takes the rows.
func (o *salvageOptions) target(cmd *cobra.Command, file string) (string, error) {
	if cmd.Flags().Changed(pathFlag) {
		return "", usagef(cmd, "--%s: the history that takes the rows is named by --into", pathFlag)
	}
	into := o.into
	if into == "" {
		into = service.NameBeforeDamage(file)
	}
	if into == "" && o.dryRun {
		return file, nil // nothing is taken, and what is intact is put together beside it
	}
	if into == "" {
		return "", usagef(cmd,
			"%s does not bear the name of a damaged file: name the history that takes the rows with --into",
			file)
	}
	if there, err := os.Stat(into); err == nil {
		if damaged, err := os.Stat(file); err == nil && os.SameFile(there, damaged) {
			return "", usagef(cmd, "%s cannot take its own rows", file)
		}
	}
	return into, nil
}

// bring has the rows taken, unless the file is to be removed and somebody has it open.
func (o *salvageOptions) bring(cmd *cobra.Command, prepared *service.Salvage, into string) error {
	if o.remove {
		if err := prepared.InUse(); err != nil {
			return err
		}
	}
	return o.take(cmd, prepared, into)
}

// take opens the history, brings it up to date, and has it take the rows.
func (o *salvageOptions) take(cmd *cobra.Command, prepared *service.Salvage, into string) error {
	warnOfUnknownVariables(cmd)
	overrides := map[string]string{service.EnvPrefix + "DB_PATH": into}
	config, err := service.ConfigFromEnv(overrides)
	if err != nil {
		return err
	}
	if _, err := os.Stat(into); errors.Is(err, fs.ErrNotExist) {
		prepared.Configure(&config)
	}
	if o.remove {
		config.Synchronous = "FULL" // the rows are on the disk before the file goes
	}
	writer, err := openWriter(cmd, config, service.Options{
		Logger: newLogger(cmd), Now: o.now.read, TrustClock: !o.now.IsZero(), NoMaintenance: true,
	})
	if err != nil {
		return err
	}
	ctx := cmd.Context()
	return errors.Join(takeRows(ctx, writer, prepared), closeWriter(ctx, writer))
}

func takeRows(ctx context.Context, writer *service.Writer, prepared *service.Salvage) error {
	if _, err := writer.Maintain(ctx); err != nil { // so that it has been rolled up as far as it goes
		return fmt.Errorf("maintain: %w", err)
	}
	err := writer.Salvage(ctx, prepared)
	if errors.Is(err, service.ErrSalvageExpired) || errors.Is(err, service.ErrSalvageWaits) {
		err = fmt.Errorf("%w (--now names the moment that ages are counted from)", err)
	}
	if err != nil {
		return err
	}
	if _, err := writer.Maintain(ctx); err != nil { // what has come is thinned out
		return fmt.Errorf("maintain: %w", err)
	}
	return nil
}

// salvageReport is what was found and taken, as JSON has it.
type salvageReport struct {
	File        string         `json:"file"`
	Into        string         `json:"into,omitempty"`
	Pages       int            `json:"pages"`
	LostPages   int            `json:"lost_pages"`
	Found       []foundRows    `json:"found"`
	Torn        int64          `json:"state_buckets_without_a_row"`
	Nameless    int64          `json:"rows_of_nameless_series"`
	Tiers       []salvagedTier `json:"tiers,omitempty"`
	TookSeconds float64        `json:"took_seconds"`

	took time.Duration
	zone *time.Location // for print
}

type foundRows struct {
	Table       string `json:"table"`
	Granularity string `json:"granularity,omitempty"`
	Rows        int64  `json:"rows"`
	Sound       int64  `json:"sound"`
	From        moment `json:"from"`
	Until       moment `json:"until"`
}

type salvagedTier struct {
	Granularity string `json:"granularity"`
	Taken       int64  `json:"taken"`
	GivenUp     int64  `json:"given_up"`
}

func newSalvageReport(
	file, into string, r service.SalvageReport, took time.Duration,
) *salvageReport {
	report := &salvageReport{
		File: absolute(file), Into: absolute(into), Pages: r.Pages, LostPages: r.LostPages, Torn: r.Torn,
		Nameless: r.Nameless,
		Found:    []foundRows{}, TookSeconds: took.Seconds(), took: took,
	}
	for _, f := range r.Found {
		report.Found = append(report.Found, foundRows{
			Table: f.Table, Granularity: f.Granularity, Rows: f.Rows, Sound: f.Sound,
			From: moment{f.From}, Until: moment{f.Until},
		})
	}
	for g := service.Raw; g <= service.Hour; g++ {
		tier := r.Tiers[g]
		report.Tiers = append(report.Tiers, salvagedTier{g.String(), tier.Taken, tier.GivenUp})
	}
	return report
}

// print shows the report to people.
func (r *salvageReport) print(out io.Writer) error {
	facts := newTable(out)
	list := [][]string{{"file", printable(r.File)}}
	if r.Into != "" {
		list = append(list, []string{"into", printable(r.Into)})
	}
	list = append(list,
		[]string{"pages", fmt.Sprintf("%s, %s lost", number(r.Pages), number(r.LostPages))})
	for _, f := range r.Found {
		list = append(list, f.facts(r.zone))
	}
	if r.Torn > 0 {
		list = append(list,
			[]string{"left out", number(r.Torn) + " buckets of states, of which a row is lost"})
	}
	if r.Nameless > 0 {
		list = append(list,
			[]string{"left out", number(r.Nameless) + " samples and buckets of series whose names are lost"})
	}
	for _, tier := range r.Tiers {
		list = append(list, []string{"taken " + tier.Granularity,
			fmt.Sprintf("%s, and %s given up", number(tier.Taken), number(tier.GivenUp))})
	}
	list = append(list, []string{"took", brief(r.took)})
	for _, fact := range list {
		if err := facts.add(fact...); err != nil {
			return err
		}
	}
	return facts.end()
}

// facts are a line for people: what was found, and from when to when the sound rows are.
func (f foundRows) facts(zone *time.Location) []string {
	name := strings.TrimSpace(f.Table + " " + f.Granularity)
	if f.Table == "" {
		name = "of no table that is known"
	}
	text := fmt.Sprintf("%s rows, %s sound", number(f.Rows), number(f.Sound))
	if !f.From.IsZero() {
		text += fmt.Sprintf(", %s to %s", f.From.show(zone), f.Until.show(zone))
	}
	return []string{name, text}
}
