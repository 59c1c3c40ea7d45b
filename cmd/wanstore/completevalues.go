package main

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/wanstore/wanstore/service"
)

// completionLimit is how long a shell waits for the names in a history. A small router, or a busy
// machine, takes more than a second to open one.
const completionLimit = 5 * time.Second

// complete makes a shell complete the values of a flag.
func complete(cmd *cobra.Command, flag string, values cobra.CompletionFunc) {
	if err := cmd.RegisterFlagCompletionFunc(flag, values); err != nil {
		panic(err) // the command has no such flag
	}
}

// choices complete a flag that takes only some values, or for which these are examples.
func choices(values ...string) cobra.CompletionFunc {
	return cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp)
}

// steps complete the width of rows: any other duration will do as well.
func steps() cobra.CompletionFunc {
	return choices("1s", "10s", "1m", "5m", "1h", "1d", "1w", "1mo")
}

// files complete the name of a file. Elsewhere no files are offered.
func files(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
	return nil, cobra.ShellCompDirectiveDefault
}

// firstFile completes the one argument of a command.
func firstFile(
	_ *cobra.Command, args []string, _ string,
) ([]cobra.Completion, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return nil, cobra.ShellCompDirectiveDefault
}

// metricNames complete a metric: one of the history or, if it has none, of the catalogue.
func metricNames(
	cmd *cobra.Command, _ []string, _ string,
) ([]cobra.Completion, cobra.ShellCompDirective) {
	metrics := recorded(cmd, func(p service.Point) string { return p.Metric })
	if len(metrics) == 0 {
		for _, metric := range service.Metrics() {
			metrics = append(metrics, metric.Name)
		}
	}
	return metrics, cobra.ShellCompDirectiveNoFileComp
}

// metricLists complete the last of several metrics, with the others before it.
func metricLists(
	cmd *cobra.Command, args []string, text string,
) ([]cobra.Completion, cobra.ShellCompDirective) {
	names, directive := metricNames(cmd, args, text)
	before := text[:strings.LastIndex(text, ",")+1]
	var lists []string
	for _, name := range names {
		if !slices.Contains(strings.Split(before, ","), name) {
			lists = append(lists, before+name)
		}
	}
	return lists, directive
}

// wanNames complete a WAN of the history.
func wanNames(
	cmd *cobra.Command, _ []string, _ string,
) ([]cobra.Completion, cobra.ShellCompDirective) {
	wans := recorded(cmd, func(p service.Point) string { return p.WAN })
	return wans, cobra.ShellCompDirectiveNoFileComp
}

// recorded lists what names the series of the history. Whatever is wrong, it has nothing to offer:
// somebody is typing.
func recorded(cmd *cobra.Command, name func(service.Point) string) []string {
	points, err := newest(cmd)
	if err != nil {
		return nil
	}
	var names []string
	for _, point := range points {
		names = append(names, name(point))
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// newest reads the newest sample of each series of the history.
func newest(cmd *cobra.Command) ([]service.Point, error) {
	ctx, cancel := context.WithTimeout(cmd.Context(), completionLimit)
	defer cancel()
	if err := noEmptyFlags(cmd); err != nil {
		return nil, err
	}
	config, err := service.ConfigFromEnv(readSettingFlags(cmd))
	if err != nil {
		return nil, err
	}
	history, err := service.OpenHistory(ctx, config.DBPath)
	if err != nil {
		return nil, err
	}
	points, err := history.Latest(ctx, service.Filter{})
	return points, errors.Join(err, history.Close())
}
