package main

import (
	"cmp"
	"io"

	"github.com/spf13/cobra"

	"github.com/wanstore/wanstore/internal/version"
	"github.com/wanstore/wanstore/service"
)

// versionReport is what this program was built from. What nothing tells is empty.
type versionReport struct {
	Version    string `json:"version,omitempty"`
	Commit     string `json:"commit,omitempty"`
	CommitDate string `json:"commit_date,omitempty"`
	Go         string `json:"go"`
	SQLite     string `json:"sqlite"`
	Platform   string `json:"platform"`
}

func newVersion() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Show the versions of the program, of Go and of SQLite",
		Long: `
Print the version of this program, the commit that it was built from, and the versions of Go and
SQLite in it. What the build did not note is "unknown".`,
		Example: `  wanstore version
  wanstore version --json`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return printVersion(cmd, asJSON)
		},
	}
	addJSONFlag(cmd, &asJSON)
	return cmd
}

func printVersion(cmd *cobra.Command, asJSON bool) error {
	sqlite, err := service.SQLiteVersion()
	if err != nil {
		return err
	}
	build := version.Read()
	return writeReport(cmd.OutOrStdout(), versionReport{
		Version: build.Version, Commit: build.Commit, CommitDate: build.CommitDate,
		Go: build.Go, SQLite: sqlite, Platform: build.Platform,
	}, asJSON)
}

func (r versionReport) print(out io.Writer) error {
	list := newTable(out)
	for _, row := range [][2]string{
		{"wanstore", r.Version},
		{"commit", r.Commit},
		{"commit date", r.CommitDate},
		{"go", r.Go},
		{"sqlite", r.SQLite},
		{"platform", r.Platform},
	} {
		if err := list.add(row[0], cmp.Or(row[1], "unknown")); err != nil {
			return err
		}
	}
	return list.end()
}
