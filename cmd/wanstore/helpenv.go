package main

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/wanstore/wanstore/api"
	"github.com/wanstore/wanstore/service"
)

// newEnvironmentTopic is a help topic: a command that does nothing.
func newEnvironmentTopic() *cobra.Command {
	return &cobra.Command{
		Use:   "env",
		Short: "Environment variables",
		Long:  environmentHelp(),
	}
}

func environmentHelp() string {
	var text strings.Builder
	text.WriteString(`Environment variables configure every command that opens a file. A flag goes before its variable. Durations are
written as in flags: 90s, 15m, 1h30m, 7d, 2w. Sizes are a number of bytes, or one with a unit: KiB, MiB, GiB, TiB (of
1024) or KB, MB, GB, TB (of 1000), as in 64MiB.

An age or retention that is neither in the environment nor given as a flag is taken from the file, which remembers the
last one that was; the defaults below are those of a new file.

`)
	list := newTable(&text, left("NAME"), left("DEFAULT"), left("MEANING"))
	for _, variable := range slices.Concat(service.Variables(), api.Variables()) {
		_ = list.add(variable.Name, variable.Default, variable.Help) // into memory
	}
	_ = list.end()
	return strings.TrimSpace(text.String())
}
