package main

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/wanstore/wanstore/internal/clock"
	"github.com/wanstore/wanstore/push"
	"github.com/wanstore/wanstore/service"
)

func newPush() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "push",
		Short: "Send the history to a receiver of Prometheus remote write",
		Long: fmt.Sprintf(`
Send the history to a receiver of Prometheus remote write 1.0, such as VictoriaMetrics, until
interrupted, while another program may write it. "record --push" and "serve --push" do so beside
what else they do.

Each bucket of --granularity is sent once it is --settle old, as METRIC (the mean, or the state that
was most frequent), METRIC_min, METRIC_max, METRIC_sum and METRIC_count, and of states also as
METRIC_ratio, the share of each. Each series has the labels site and wan. Where the buckets are gone
already, coarser ones are sent, with the label granularity.

What was sent lies in the history file, so that an outage, or the end of the command, loses nothing.
The newest bucket goes before a backlog, unless --order is oldest-first. An hour after it was sent,
and a day later, the receiver is asked (--query) for what it has, and what is missing is sent again.
Samples that the receiver does not take are parked: "wanstore push status" shows them and its words.

A password or a token goes into a file, because every user can list the flags of a process.
"wanstore help env" lists the variables that set all this ($%sURL and others).`, push.EnvPrefix),
		Example: `  wanstore push --to http://127.0.0.1:8428/api/v1/write --site berlin
  wanstore push --to https://tsdb.example.net/api/v1/write --site berlin --token-file token
  wanstore push status`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return runPush(cmd) },
	}
	addSendingFlags(cmd)
	cmd.AddCommand(newPushStatus(), newPushForget())
	return cmd
}

// addSendingFlags adds the flags that say where and how a history is sent.
func addSendingFlags(cmd *cobra.Command) {
	flags, defaults := cmd.Flags(), push.DefaultConfig()
	flags.SortFlags = false
	text := func(name, usage string, args ...any) {
		flags.String(name, "", fmt.Sprintf(usage, args...))
	}
	text("to", "send to the receiver of remote write at this `URL` (default $%sURL)", push.EnvPrefix)
	text("site", "label every series with this `SITE`, which no other site has (default $%sSITE)",
		push.EnvPrefix)
	text("query", "audit by queries at this `URL`, or none (default: beside the receiver's)")
	text("labels", "also label every series with these `NAME=VALUE,...`")
	text("headers", "add these `NAME=VALUE,...` to every request, such as the tenant; no secrets")
	text("token-file", "send the bearer token that this `FILE` has")
	text("basic-file", "send the USER:PASSWORD that this `FILE` has")
	text("ca-file", "trust the certificates (PEM) of this `FILE` (default: the system's)")
	text("granularity", "send buckets of this `WIDTH`: 1m, 5m or 1h, or raw samples (default %s)",
		defaults.Granularity)
	flags.Var(&durationFlag{}, "settle", fmt.Sprintf(
		"send a bucket this long after its end, 15s or more (default %s)",
		clock.FormatDuration(defaults.Settle)))
	text("batch-size", "send this `NUMBER` of samples in a request, 1 to 100000 (default %d)",
		defaults.BatchSize)
	text("replay-rate", "send at most this `NUMBER` of samples a second of a backlog (default %d)",
		defaults.ReplayRate)
	text("order", "send a backlog in this `ORDER`: newest-first or oldest-first (default %s)",
		defaults.Order)
	text("suffix", "put this `SUFFIX` before the endings of derived metrics, such as _min")
	flags.Bool("percentiles", false, "also send the percentiles 50, 95 and 99")
	complete(cmd, "granularity", choices("raw", "1m", "5m", "1h"))
	complete(cmd, "order", choices(string(push.NewestFirst), string(push.OldestFirst)))
	for _, name := range []string{"token-file", "basic-file", "ca-file"} {
		complete(cmd, name, files)
	}
}

// gcPercent makes the heap of a process that only sends half as large: it does little in a minute,
// so collecting more often costs nothing that can be measured.
const gcPercent = 50

func runPush(cmd *cobra.Command) error {
	config, err := configure(cmd)
	pushConfig, pushErr := configurePush(cmd)
	if err := joinConfigErrors(err, pushErr); err != nil {
		return err
	}
	if pushConfig.URL == "" {
		return usagef(cmd, "where to? want --to URL, or $%sURL", push.EnvPrefix)
	}
	debug.SetGCPercent(gcPercent)
	ctx, logger := cmd.Context(), newLogger(cmd)
	sender, stop, err := startPushing(cmd, config, pushConfig, push.Options{Logger: logger})
	if err != nil {
		return unlessInterrupted(ctx, err)
	}
	what := fmt.Sprintf("sending %s to %s as site %s", config.DBPath, pushConfig.URL,
		printable(pushConfig.Site))
	fmt.Fprintf(cmd.ErrOrStderr(), "%s, Ctrl-C ends\n", what)
	notices := &notifier{log: logger, alive: sender.ping, status: func() string {
		return withProblems(what, sender.health())
	}}
	notices.run(ctx)
	<-ctx.Done()
	return stop()
}

// startPushing has a reader of a history send it as well: that takes a writer, which notes what was
// sent. It returns nil where nobody has asked for it.
func startPushing(
	cmd *cobra.Command, config service.Config, pushConfig push.Config, options push.Options,
) (sender *pusher, stop func() error, err error) {
	if pushConfig.URL == "" {
		return nil, func() error { return nil }, nil
	}
	ctx := cmd.Context()
	if err := tryHistory(ctx, config.DBPath); err != nil {
		return nil, nil, explainMissing(cmd, err)
	}
	config.QueueSize, config.CommitSamples = 1, 1 // nobody records, and a queue takes memory
	// The program that records also maintains, and rolls up at its end.
	writer, err := openWriter(cmd, config,
		service.Options{Logger: options.Logger, NoMaintenance: true})
	if err != nil {
		return nil, nil, err
	}
	end := func() error { return ended(context.WithoutCancel(ctx), writer.CloseWithoutRollUp) }
	sender, err = openPusher(cmd, writer, pushConfig, options)
	if err != nil {
		return nil, nil, errors.Join(err, end())
	}
	sender.start(ctx)
	return sender, func() error { return errors.Join(sender.stop(), end()) }, nil
}
