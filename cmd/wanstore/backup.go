package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"
)

func newBackup() *cobra.Command {
	asJSON := false
	cmd := &cobra.Command{
		Use:   "backup DEST",
		Short: "Copy the history while it is being written",
		Long: `
Copy the history as it is now to a new file. Another program may record it meanwhile, and is not
held up. The copy passes SQLite's integrity check before it gets its name, and has the permissions
of the file. Nothing is ever overwritten. A backup that fails or is interrupted leaves nothing
behind; one that is killed leaves a file .wanstore-backup-*.

The copy is a history like any other: name it with --db to read it. To restore it, copy it beside
the history, stop the recorder, remove the -wal and -shm of the history, rename the copy to the name
of the history, and start the recorder. (A -wal that stays there belongs to the old file.) Once
something maintains the copy it ages by the machine's clock, as the original does.`,
		Example: `  wanstore backup /mnt/usb/wan-$(date +%F).db
  wanstore history --last 1d --db /mnt/usb/wan-2025-01-30.db`,
		Args:              oneDestination,
		ValidArgsFunction: firstFile,
		RunE: func(cmd *cobra.Command, args []string) error {
			return backUp(cmd, args[0], asJSON)
		},
	}
	addJSONFlag(cmd, &asJSON)
	return cmd
}

func oneDestination(_ *cobra.Command, args []string) error {
	switch {
	case len(args) == 0 || args[0] == "":
		return errors.New("where to? name the file to make")
	case len(args) > 1:
		return fmt.Errorf("unexpected argument %q", args[1])
	case os.IsPathSeparator(args[0][len(args[0])-1]):
		return fmt.Errorf("%s is a directory: name the file to make in it", args[0])
	}
	return nil
}

func backUp(cmd *cobra.Command, dest string, asJSON bool) error {
	history, name, err := openHistory(cmd)
	if err != nil {
		return err
	}
	begin := time.Now()
	bytes, err := history.Backup(cmd.Context(), dest)
	took := time.Since(begin)
	if err := errors.Join(err, history.Close()); err != nil {
		return err
	}
	return writeReport(cmd.OutOrStdout(), newBackupReport(name, dest, bytes, took), asJSON)
}

// backupReport says what was copied, as JSON has it.
type backupReport struct {
	Source      string  `json:"source"`
	Path        string  `json:"path"`
	Bytes       int64   `json:"bytes"`
	Check       string  `json:"check"`
	TookSeconds float64 `json:"took_seconds"`

	took time.Duration
}

func newBackupReport(source, dest string, bytes int64, took time.Duration) *backupReport {
	return &backupReport{
		Source: absolute(source), Path: absolute(dest),
		Bytes: bytes, Check: checkPassed, // or there would be none
		TookSeconds: took.Seconds(), took: took,
	}
}

func absolute(path string) string {
	if full, err := filepath.Abs(path); err == nil {
		return full
	}
	return path
}

// print shows the report to people.
func (b *backupReport) print(out io.Writer) error {
	facts := newTable(out)
	for _, fact := range [][]string{
		{"file", printable(b.Source)},
		{"backup", fmt.Sprintf("%s, %s", printable(b.Path), size(b.Bytes))},
		{"check", b.Check},
		{"took", brief(b.took)},
	} {
		if err := facts.add(fact...); err != nil {
			return err
		}
	}
	return facts.end()
}
