package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/wanstore/wanstore/importer"
	"github.com/wanstore/wanstore/internal/clock"
	"github.com/wanstore/wanstore/service"
)

// importRun imports files, once or again and again.
type importRun struct {
	*importOptions

	cmd    *cobra.Command
	writer *service.Writer
	bar    *importBar
	files  []*importFile
}

// importFile is what became of a file so far.
type importFile struct {
	name   string
	tried  bool
	result importer.Result
	failed string // why the last import has failed, if it has
}

func (o *importOptions) newRun(
	cmd *cobra.Command, writer *service.Writer, names []string,
) *importRun {
	run := &importRun{
		importOptions: o, cmd: cmd, writer: writer, bar: newImportBar(cmd.ErrOrStderr(), o.format),
	}
	for _, name := range names {
		run.files = append(run.files, &importFile{name: name})
	}
	return run
}

// all imports one file after another, up to the first that fails.
func (r *importRun) all(ctx context.Context) error {
	defer r.bar.clear()
	for _, file := range r.files {
		result, err := r.take(ctx, file)
		if err != nil {
			return r.explain(err)
		}
		r.bar.clear()
		r.noteLabels(file, result)
		r.noteRaw(file, result)
		r.warnOfGap(file, result)
	}
	return nil
}

// take imports a file, and counts what becomes of it.
func (r *importRun) take(ctx context.Context, file *importFile) (importer.Result, error) {
	take := importer.CSV
	if r.format == formatWanctl {
		take = importer.Wanctl
	}
	r.bar.next(file.name)
	result, err := take(ctx, r.writer, file.name, importer.Options{
		Now:        r.now.read(),
		SkipBad:    r.skipBad,
		Merge:      r.merge,
		KeepLabels: r.keepLabels,
		Progress:   r.bar.show,
		OnBad: func(bad *importer.LineError) {
			if r.skipBad { // else it is the error
				r.say(bad)
			}
		},
		OnHeld: func(rows importer.HeldRows) { r.warnOfHeld(file, rows) },
		OnSkipped: func(row *importer.LineError) {
			if r.verbose {
				r.say(fmt.Sprintf("%v (skipped)", row))
			}
		},
	})
	if file.tried {
		file.result.Add(result)
		return result, err
	}
	file.tried = err == nil || result != (importer.Result{})
	file.result = result
	return result, err
}

// say tells people something.
func (r *importRun) say(what any) {
	r.bar.clear()
	fmt.Fprintln(r.cmd.ErrOrStderr(), what)
}

func (r *importRun) warnOfHeld(file *importFile, rows importer.HeldRows) {
	zone := zoneOf(r.cmd)
	r.say(fmt.Sprintf("wanstore: warning: %s: %d rows from %s until %s lie where the history holds "+
		"rolled-up data of their series, and are skipped: it may have them already (the same "+
		"import with --merge takes them)",
		printable(file.name), rows.Rows, showTime(rows.First, zone), showTime(rows.Last, zone)))
}

func (r *importRun) noteLabels(file *importFile, result importer.Result) {
	if result.Pruned > 0 {
		r.say(fmt.Sprintf("%s: labels that are prose were left out of %d rows (--keep-labels keeps them)",
			printable(file.name), result.Pruned))
	}
}

// noteRaw says how long the source keeps raw rows.
func (r *importRun) noteRaw(file *importFile, result importer.Result) {
	advice := ": import it at least as often, or with --follow"
	if r.follow {
		advice = ""
	}
	if result.Raw.Kept > 0 {
		r.say(fmt.Sprintf("%s: raw rows are kept for %s here%s",
			printable(file.name), clock.FormatDuration(result.Raw.Kept), advice))
	}
}

func (r *importRun) warnOfGap(file *importFile, result importer.Result) {
	if gone := result.Raw.Gone; !gone.From.IsZero() {
		zone := zoneOf(r.cmd)
		r.say(fmt.Sprintf("wanstore: warning: %s: the last import was longer ago than raw rows are "+
			"kept: those from %s until %s are gone, and aggregated rows fill the gap",
			printable(file.name), showTime(gone.From, zone), showTime(gone.Until, zone)))
	}
}

// rows lists what became of the files that were tried.
func (r *importRun) rows() []importRow {
	list := []importRow{}
	for _, file := range r.files {
		switch {
		case !file.tried:
		case r.format == formatWanctl:
			list = append(list, newWanctlRow(file.name, file.result))
		default:
			list = append(list, newImportRow(file.name, file.result))
		}
	}
	return list
}
