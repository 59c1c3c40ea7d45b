package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/wanstore/wanstore/api"
	"github.com/wanstore/wanstore/internal/clock"
	"github.com/wanstore/wanstore/measure"
	"github.com/wanstore/wanstore/push"
	"github.com/wanstore/wanstore/service"
)

// recordOptions are the flags of the command.
type recordOptions struct {
	duration durationFlag
	interval durationFlag
	wait     durationFlag
	target   string
	probe    string
	device   string
	wan      string
	json     bool
}

func newRecord() *cobra.Command {
	options := recordOptions{
		interval: durationFlag{50 * time.Millisecond}, wait: durationFlag{measure.DefaultWait},
	}
	cmd := &cobra.Command{
		Use:   "record",
		Short: "Measure a line of this machine and record it",
		Long:  recordHelp(),
		Example: `  wanstore record
  wanstore record --for 10s --db wan.db
  wanstore record --target 192.0.2.1 --interface eth1 --wan cable
  wanstore record --target 192.0.2.1 --probe tcp:443
  wanstore record --listen 127.0.0.1:9101
  wanstore record --for 1h --json > summary.json`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return options.run(cmd) },
	}
	options.addFlags(cmd)
	return cmd
}

func recordHelp() string {
	return fmt.Sprintf(`
Measure this machine's line and record it until --for has passed or the program is interrupted. When
it ends, it stores all that it has measured. A second interrupt kills it.

Each --interval an ICMP echo goes to the default gateway (or to --target), and the byte counters of
the interface that leads there (or of --interface) are read. These metrics are recorded:

  %s
      round-trip time of each echo, at the moment when it was sent
  %s
      round-trip time of the idle line; falls within seconds, rises within minutes
  %s
      how far the round-trip time, averaged over %s, is above the baseline
  %s
      how much the round-trip time changes from reply to reply (RFC 3550), once a second
  %s
      of each echo, at the moment when it was sent: 0 if it was answered, however late, 1 if it was
      lost; the average is the share of the echoes that were lost
  %s
      0 GREEN, 1 YELLOW from %s of delta, 2 SOFT_RED from %s,
      3 RED from %s or after %s of silence
  %s
      Mbit/s that the interface received
  %s
      Mbit/s that the interface sent

An answer after %s is late, and recorded with its true time. After --wait its echo is lost. A
round-trip time that this machine may have delayed is left out and counted. The route, the
interface and the name of --target are looked up again when they change and when nothing answers.
Where there is no line yet, the recording begins nevertheless, and the state is RED until the line
is there.

Sending echoes takes an unprivileged ICMP socket (sysctl net.ipv4.ping_group_range) or CAP_NET_RAW.
Without these, the times are those of TCP connections, one a second, to the first of the ports 53,
443, 80 and 22 that accepts or refuses, and the series have the label probe="tcp". --probe
chooses one.

The command also maintains the history. With --listen (or $%sLISTEN) it answers over HTTP as
"wanstore serve" does, with its own health. With --listen and --json it first prints one line of
JSON, with the address (url), the path of the history (path), its process id (pid) and its version.
The summary follows at its end.`,
		service.RTT, service.RTTBaseline, service.RTTDelta, measure.LoadTimeConstant,
		service.RTTJitter, service.LossRatio, service.State, measure.YellowFrom, measure.SoftRedFrom,
		measure.RedFrom, measure.SilenceLimit, service.RateDownload, service.RateUpload,
		measure.LateAfter, api.EnvPrefix)
}

func (o *recordOptions) addFlags(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.Var(&o.duration, "for", "end after this long (default: when interrupted)")
	flags.Var(&o.interval, "interval", "length of a cycle")
	flags.Var(&o.wait, "wait",
		"count an echo as lost after this long")
	flags.StringVar(&o.target, "target", "", "ping this `HOST` (default: the gateway)")
	flags.StringVar(&o.probe, "probe", "",
		"measure by this `PROBE`: icmp, tcp or tcp:PORT (default: icmp where permitted, else tcp)")
	flags.StringVar(&o.device, "interface", "",
		"count the bytes of this `INTERFACE`, and send echoes through it (default: by the route)")
	flags.StringVar(&o.wan, "wan", "",
		"record as the WAN of this `NAME` (default: that of the interface)")
	addListenFlag(cmd,
		fmt.Sprintf("also answer HTTP at this `HOST:PORT` (default $%sLISTEN)", api.EnvPrefix))
	addPushFlags(cmd)
	addJSONFlag(cmd, &o.json)
	addPolicyFlags(cmd)
	complete(cmd, "probe", choices("icmp", "tcp"))
	complete(cmd, "wan", wanNames)
}

func (o *recordOptions) run(cmd *cobra.Command) error {
	config, httpConfig, pushConfig, err := configureServer(cmd)
	if err != nil {
		return err
	}
	probe, err := o.check()
	if err != nil {
		return usage(cmd, err)
	}
	ctx, terminal := cmd.Context(), newStatusLine(cmd.ErrOrStderr(), zoneOf(cmd))
	line, err := o.findLine(ctx, probe, terminal.logger()) // before the file is made, and so the next
	if err != nil {
		return err
	}
	listener, err := listenIfAsked(ctx, httpConfig)
	if err != nil {
		return err
	}
	if listener != nil {
		defer listener.Close() // for when it is not served; a server closes it itself
	}
	writer, err := openWriter(cmd, config, service.Options{Logger: terminal.logger()})
	if err != nil {
		return unlessInterrupted(ctx, err)
	}
	loop, err := o.newLoop(cmd, line, writer)
	if err != nil {
		return errors.Join(err, closeWriter(ctx, writer))
	}
	sender, err := openPusher(cmd, writer, pushConfig, push.Options{Logger: terminal.logger()})
	if err != nil {
		return errors.Join(err, closeWriter(ctx, writer))
	}
	fmt.Fprintf(terminal, "recording %s every %s into %s%s\n",
		line.describe(), clock.FormatDuration(o.interval.Duration), config.DBPath, o.howToEnd())
	server, err := o.answer(cmd, listener, httpConfig, writer, terminal)
	if err == nil {
		sender.beside(server)
		sender.start(ctx)
		err = o.measure(ctx, loop, line, server, terminal,
			recordingNotices(line, writer, sender, terminal))
	}
	err = errors.Join(err, sender.stop(), closeWriter(ctx, writer))
	err = errors.Join(err,
		writeReport(cmd.OutOrStdout(), newRecordSummary(line, loop, writer), o.json))
	terminal.hint("look at it: wanstore history --last 5m --summary --db " + config.DBPath)
	return err
}

// answer makes ready to answer HTTP at a listener and says where. It returns nil where there is
// none.
func (o *recordOptions) answer(
	cmd *cobra.Command, listener net.Listener, config api.Config, writer *service.Writer,
	terminal *statusLine,
) (*endpoint, error) {
	if listener == nil {
		return nil, nil //nolint:nilnil // nobody has asked for one, which is no error
	}
	server := newEndpoint(listener, config, writer.Path(), writer, terminal.logger())
	fmt.Fprintf(terminal, "serving it at %s\n", server.url())
	if !o.json {
		return server, nil
	}
	if err := server.writeStart(cmd.OutOrStdout(), writer.Path()); err != nil {
		return nil, errors.Join(err, server.close())
	}
	return server, nil
}

// check refuses what does not go together, and returns how to measure.
func (o *recordOptions) check() (measure.Probe, error) {
	interval, wait := o.interval.Duration, o.wait.Duration
	if interval < measure.MinPingInterval {
		return measure.Probe{}, fmt.Errorf("--interval %s: want %s or more", interval,
			measure.MinPingInterval)
	}
	if longest := measure.MaxWait(interval); wait >= longest {
		return measure.Probe{}, fmt.Errorf("--wait %s: want less than %s with an echo every %s",
			clock.FormatDuration(wait), longest, interval)
	}
	probe, err := measure.ParseProbe(o.probe)
	if err != nil {
		return probe, fmt.Errorf("--probe %w", err)
	}
	return probe, nil
}

func (o *recordOptions) howToEnd() string {
	if o.duration.Duration > 0 {
		return " for " + clock.FormatDuration(o.duration.Duration)
	}
	return ", Ctrl-C ends"
}

// newLine is the name of the WAN where nothing else names it: no flag, no interface, no history.
const newLine = "wan"

// line is what is measured, and what it is recorded as.
type line struct {
	*measure.Line
	wan string // empty while nothing names it
}

// findLine settles what to measure, and finds out whether that is allowed.
func (o *recordOptions) findLine(
	ctx context.Context, probe measure.Probe, logger *slog.Logger,
) (*line, error) {
	kernel, err := measure.OpenKernel("")
	if err != nil {
		return nil, err
	}
	measured, err := measure.NewLine(ctx, kernel, measure.LineConfig{
		Host: o.target, Interface: o.device, Probe: probe, Interval: o.interval.Duration,
		Wait: o.wait.Duration, Logger: logger,
	})
	if err != nil {
		return nil, err
	}
	path, _ := measured.Path()
	return &line{Line: measured, wan: cmp.Or(o.wan, path.Interface, o.device)}, nil
}

// describe says what is measured.
func (l *line) describe() string {
	path, ok := l.Path()
	if !ok {
		return "a line that is still down"
	}
	return fmt.Sprintf("%s through %s", path.Target, path.Interface)
}

func (o *recordOptions) newLoop(
	cmd *cobra.Command, line *line, writer *service.Writer,
) (*recordLoop, error) {
	if line.wan == "" {
		name, err := lastWAN(cmd.Context(), writer)
		if err != nil {
			return nil, err
		}
		line.wan = cmp.Or(name, newLine)
	}
	series, err := newLineSeries(writer, line)
	if errors.Is(err, service.ErrName) && o.wan != "" {
		return nil, usagef(cmd, "--wan: %w", err)
	}
	if err != nil {
		return nil, err
	}
	loop := newRecordLoop(o.interval.Duration, sensors{line.Take, line.TakeOutcomes, line.Rate},
		series, writer.Record)
	loop.congestion.Interval, loop.jitter.Interval = line.EchoInterval(), line.EchoInterval()
	return loop, nil
}

// lastWAN returns the WAN of a history that has states of one WAN: a recorder that starts in an
// outage, when nothing leads anywhere, goes on with what it recorded before. Else it is empty.
func lastWAN(ctx context.Context, writer *service.Writer) (string, error) {
	history, err := writer.History(ctx)
	if err != nil {
		return "", err
	}
	points, err := history.Latest(ctx, service.Filter{Metrics: []string{service.State}})
	if err := errors.Join(err, history.Close()); err != nil || len(points) == 0 {
		return "", err
	}
	for _, p := range points {
		if p.WAN != points[0].WAN {
			return "", nil
		}
	}
	return points[0].WAN, nil
}

// measure records until it is time to end, and answers at server if it is not nil, and then waits
// until all goroutines have ended. The error is that of the server, whose end does not end the
// recording.
func (o *recordOptions) measure(
	ctx context.Context, loop *recordLoop, line *line, server *endpoint, terminal *statusLine,
	notices *notifier,
) (serverErr error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if o.duration.Duration > 0 {
		ctx, cancel = context.WithTimeout(ctx, o.duration.Duration)
		defer cancel()
	}
	var measuring, running sync.WaitGroup
	measuring.Go(func() { line.Run(ctx) })
	running.Go(func() { terminal.follow(ctx, loop, line) })
	running.Go(func() { notices.run(ctx) })
	if server != nil {
		running.Go(func() {
			if serverErr = server.serve(ctx); serverErr != nil {
				terminal.logger().Error("nothing is served any more", "err", serverErr)
			}
		})
	}
	loop.run(ctx)
	measuring.Wait()
	loop.end(time.Now())
	running.Wait()
	return serverErr
}

func recordingNotices(
	line *line, writer *service.Writer, sender *pusher, terminal *statusLine,
) *notifier {
	return &notifier{log: terminal.logger(), alive: writer.Ping, status: func() string {
		return withProblems("recording "+line.describe(),
			slices.Concat(writer.Health(), sender.health()))
	}}
}

// newLineSeries resolves the series that a loop records to. What is not measured by echoes, or is
// not derived from them, says so.
func newLineSeries(writer *service.Writer, line *line) (lineSeries, error) {
	var s lineSeries
	var probe service.Labels
	if line.Probe().TCP() {
		probe = service.Labels{"probe": "tcp"}
	}
	for _, one := range []struct {
		metric string
		labels service.Labels
		handle **service.Series
	}{
		{service.RTT, probe, &s.rtt},
		{service.RTTBaseline, probe, &s.baseline},
		{service.RTTDelta, probe, &s.delta},
		{service.RTTJitter, probe, &s.jitter},
		{service.LossRatio, probe, &s.loss},
		{service.State, probe, &s.state},
		{service.RateDownload, nil, &s.download},
		{service.RateUpload, nil, &s.upload},
	} {
		handle, err := writer.Series(one.metric, line.wan, one.labels)
		if err != nil {
			return s, err
		}
		*one.handle = handle
	}
	return s, nil
}

// fileSize returns the size of a file, 0 if it is not to be seen.
func fileSize(name string) int64 {
	info, err := os.Stat(name)
	if err != nil {
		return 0
	}
	return info.Size()
}
