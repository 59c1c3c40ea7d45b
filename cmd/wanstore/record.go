package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/wanstore/wanstore/api"
	"github.com/wanstore/wanstore/measure"
	"github.com/wanstore/wanstore/service"
)

// recordOptions are the flags of the command.
type recordOptions struct {
	duration durationFlag
	interval durationFlag
	wait     durationFlag
	target   string
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
		Short: "Measure this machine's line and record it",
		Long: fmt.Sprintf(`Measure this machine's line and record it, until --for has passed or the program is interrupted; what has been
measured by then is all stored. A second interrupt kills.

Every --interval an ICMP echo goes to the default gateway (or --target), and the byte counters of the interface that leads
there (or --interface) are read. Recorded are

  %-26s round-trip time of each echo
  %-26s that of the idle line: falls within seconds, rises within minutes and on an idle line only
  %-26s how far the round-trip time, averaged over %s, lies above that
  %-26s 0 GREEN, 1 YELLOW from %s of delta, 2 SOFT_RED from %s, 3 RED from %s or after %s of silence
  %-26s Mbit/s that the interface received
  %-26s Mbit/s that it sent

The history is maintained meanwhile, and with --listen (or $%sLISTEN) answered over HTTP as by "wanstore serve",
its own health included. Sending echoes needs the right to: an unprivileged ICMP socket
(sysctl net.ipv4.ping_group_range) or CAP_NET_RAW.`,
			service.RTT, service.RTTBaseline, service.RTTDelta, measure.LoadTimeConstant, service.State,
			measure.YellowFrom, measure.SoftRedFrom, measure.RedFrom, measure.SilenceLimit,
			service.RateDownload, service.RateUpload, api.EnvPrefix),
		Example: `  wanstore record
  wanstore record --for 10s --db wan.db
  wanstore record --target 192.0.2.1 --interface eth1 --wan cable
  wanstore record --listen 127.0.0.1:9101
  wanstore record --for 1h --json > summary.json`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return options.run(cmd) },
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.Var(&options.duration, "for", "end after this long (default: when interrupted)")
	flags.Var(&options.interval, "interval", "length of a cycle")
	flags.Var(&options.wait, "wait",
		fmt.Sprintf("count an echo as lost after this long; an answer after %s is late", measure.LateAfter))
	flags.StringVar(&options.target, "target", "", "`HOST` to ping (default: the gateway)")
	flags.StringVar(&options.device, "interface", "",
		"count the bytes of this `INTERFACE`, and send echoes through it (default: the one that leads "+
			"to the host)")
	flags.StringVar(&options.wan, "wan", "",
		"`NAME` of the WAN to record as (default: that of the interface)")
	addListenFlag(cmd,
		fmt.Sprintf("answer HTTP at this `HOST:PORT` meanwhile (default $%sLISTEN, else not at all)",
			api.EnvPrefix))
	addJSONFlag(cmd, &options.json)
	addPolicyFlags(cmd)
	return cmd
}

func (o *recordOptions) run(cmd *cobra.Command) error {
	config, httpConfig, err := configureServer(cmd)
	if err != nil {
		return err
	}
	if o.interval.Duration < measure.MinPingInterval {
		return usagef(cmd, "--interval %s: want %s or more", o.interval.Duration, measure.MinPingInterval)
	}
	ctx := cmd.Context()
	line, err := o.findLine(ctx) // before the file is made, and so the next
	if err != nil {
		return err
	}
	listener, err := listenIfAsked(ctx, httpConfig)
	if err != nil {
		return err
	}
	if listener != nil {
		defer listener.Close() // for when nothing comes of it: who serves closes it
	}
	terminal := newStatusLine(cmd.ErrOrStderr(), zoneOf(cmd))
	writer, err := openWriter(cmd, config, service.Options{Logger: terminal.logger()})
	if err != nil {
		return err
	}
	loop, err := o.newLoop(line, writer)
	if err != nil {
		return errors.Join(err, closeWriter(ctx, writer))
	}
	fmt.Fprintf(terminal, "recording %s through %s every %s into %s%s\n",
		line.path.Target, line.path.Interface, formatAge(o.interval.Duration), config.DBPath,
		o.howToEnd())
	var server *endpoint
	if listener != nil {
		server = newEndpoint(listener, httpConfig, writer.Path(), writer, terminal.logger())
		fmt.Fprintf(terminal, "serving it at %s\n", server.url())
	}
	err = o.measure(ctx, loop, line, server, terminal)
	err = errors.Join(err, closeWriter(ctx, writer))
	err = errors.Join(err,
		writeReport(cmd.OutOrStdout(), newRecordSummary(line, loop, writer), o.json))
	terminal.hint("look at it: wanstore history --last 5m --summary --db " + config.DBPath)
	return err
}

func (o *recordOptions) howToEnd() string {
	if o.duration.Duration > 0 {
		return " for " + formatAge(o.duration.Duration)
	}
	return ", Ctrl-C ends"
}

// line is what is measured, and by what.
type line struct {
	path   measure.Path
	wan    string
	pinger *measure.Pinger
	meter  *measure.Meter
}

// findLine settles what to measure, and finds out whether that is allowed.
func (o *recordOptions) findLine(ctx context.Context) (*line, error) {
	kernel, err := measure.OpenKernel("")
	if err != nil {
		return nil, err
	}
	path, err := kernel.FindPath(ctx, o.target, o.device)
	if err != nil {
		return nil, err
	}
	// An interface that was named is the line to be measured, whatever the routing table says.
	pinger, err := measure.NewPinger(measure.PingConfig{Target: path.Target, Interface: o.device,
		Interval: o.interval.Duration, Wait: o.wait.Duration})
	if err != nil {
		return nil, err
	}
	wan := o.wan
	if wan == "" {
		wan = path.Interface
	}
	return &line{path: path, wan: wan, pinger: pinger, meter: kernel.NewMeter(path.Interface)}, nil
}

func (o *recordOptions) newLoop(line *line, writer *service.Writer) (*recordLoop, error) {
	series, err := newLineSeries(writer, line.wan)
	if err != nil {
		return nil, err
	}
	return newRecordLoop(o.interval.Duration, line.pinger.Take, line.meter.Rate, series,
		writer.Record), nil
}

// measure records until it is time to end, and answers at server if it is not nil, and then waits
// until nothing of it runs any more. The error is that of the server, whose end does not end the
// recording.
func (o *recordOptions) measure(
	ctx context.Context, loop *recordLoop, line *line, server *endpoint, terminal *statusLine,
) (serverErr error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if o.duration.Duration > 0 {
		ctx, cancel = context.WithTimeout(ctx, o.duration.Duration)
		defer cancel()
	}
	var running sync.WaitGroup
	running.Go(func() { line.pinger.Run(ctx) })
	running.Go(func() { terminal.follow(ctx, loop, line) })
	if server != nil {
		running.Go(func() {
			if serverErr = server.serve(ctx); serverErr != nil {
				terminal.logger().Error("nothing is served any more", "err", serverErr)
			}
		})
	}
	loop.run(ctx)
	running.Wait()
	return serverErr
}

// newLineSeries resolves the series that a loop records to.
func newLineSeries(writer *service.Writer, wan string) (lineSeries, error) {
	var s lineSeries
	for _, one := range []struct {
		metric string
		handle **service.Series
	}{
		{service.RTT, &s.rtt},
		{service.RTTBaseline, &s.baseline},
		{service.RTTDelta, &s.delta},
		{service.State, &s.state},
		{service.RateDownload, &s.download},
		{service.RateUpload, &s.upload},
	} {
		handle, err := writer.Series(one.metric, wan, nil)
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
