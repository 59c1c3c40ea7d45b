package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/wanstore/wanstore/api"
	"github.com/wanstore/wanstore/push"
	"github.com/wanstore/wanstore/service"
)

// newEnvironmentTopic is a help topic: a command that does nothing.
func newEnvironmentTopic() *cobra.Command {
	topic := &cobra.Command{
		Use:   "env",
		Short: "List the environment variables",
		Long:  environmentHelp(),
		Example: `  WANCTL_STORAGE_DB_PATH=wan.db wanstore status
  WANCTL_STORAGE_RETENTION_DAYS=30 WANCTL_STORAGE_KEEP_RAW=6h wanstore record`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	topic.SetHelpFunc(func(cmd *cobra.Command, _ []string) { // without usage: it does nothing
		fmt.Fprintf(cmd.OutOrStdout(), "%s\n\nExamples:\n%s\n", cmd.Long, cmd.Example)
	})
	return topic
}

func environmentHelp() string {
	var text strings.Builder
	text.WriteString(`
Environment variables configure every command that opens a file. Flags override them. Durations are
90s, 15m, 1h30m, 7d, 2w or 1y. Sizes are bytes, or have a unit, such as 64MiB: KiB, MiB, GiB, TiB
(of 1024) or KB, MB, GB, TB (of 1000).

The file holds its ages and its retention. It keeps those that neither the environment nor a flag
gives; their defaults below are those of a new file.

Variables, with their defaults:

`)
	for _, variable := range slices.Concat(service.Variables(), api.Variables(), push.Variables()) {
		text.WriteString("  " + variable.Name)
		if variable.Default != "" {
			text.WriteString(" (" + variable.Default + ")")
		}
		text.WriteString("\n      " + variable.Help + "\n")
	}
	return strings.TrimSpace(text.String())
}
