package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/wanstore/wanstore/api"
	"github.com/wanstore/wanstore/service"
)

// What the history of a demonstration begins with.
const (
	demoDays  = 7
	demoFine  = time.Second // from one cycle to the next, in the last hour and from then on
	demoBatch = 10_000
)

func newDemo() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Show a made-up week in the browser",
		Long: `
Make a history of two lines that do not exist, and answer from it over HTTP as "wanstore serve"
does, at an address of this machine that it prints. The lines go on while the command runs. It needs
no line, no rights and no configuration.

The lines are demo-cable and demo-lte, and each series has the label demo="true". Their week has an
evening of congestion each day, and an outage. Nothing in it was measured.

The history is a temporary file, which is removed when the command is interrupted. With --db it is a
new file of that name, which stays.`,
		Example: `  wanstore demo
  wanstore demo --db demo.db`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return runDemo(cmd) },
	}
	cmd.Flags().String(pathFlag, "", "`PATH` of a new file, which stays (default a temporary file)")
	complete(cmd, pathFlag, files)
	return cmd
}

func runDemo(cmd *cobra.Command) (err error) {
	path, remove, err := demoFile(cmd)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, remove()) }()
	ctx := cmd.Context()
	logger := slog.New(slog.NewTextHandler(cmd.ErrOrStderr(),
		&slog.HandlerOptions{Level: slog.LevelWarn}))
	httpConfig := api.Config{Listen: "127.0.0.1:0"}
	listener, err := listen(ctx, httpConfig)
	if err != nil {
		return err
	}
	defer listener.Close() // for when it is not served; a server closes it itself
	writer, err := openWriter(cmd,
		service.Config{DBPath: path, RetentionDays: demoDays + 1},
		service.Options{Logger: logger, TrustClock: true})
	if err != nil {
		return err
	}
	fmt.Fprintln(cmd.ErrOrStderr(), "making a week of two lines that do not exist ...")
	d, err := newDemonstration(writer)
	if err == nil {
		err = d.fill(ctx)
	}
	if err != nil {
		err = errors.Join(err, closeWriter(ctx, writer))
		if ctx.Err() != nil { // interrupted before anybody could look
			return nil
		}
		return err
	}
	server := newEndpoint(listener, httpConfig, path, writer, logger)
	fmt.Fprintf(cmd.ErrOrStderr(), "look at it: %s\nCtrl-C ends; meanwhile: "+
		"wanstore report --db %s\n", server.url(), path)
	return errors.Join(d.serve(ctx, server), closeWriter(ctx, writer))
}

// demoFile returns where the history is made, and what removes it afterwards.
func demoFile(cmd *cobra.Command) (path string, remove func() error, err error) {
	if flag := cmd.Flags().Lookup(pathFlag); flag.Changed {
		path = flag.Value.String()
		if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
			return "", nil, errors.Join(err, usagef(cmd, "--%s %s: want a new file", pathFlag, path))
		}
		return path, func() error { return nil }, nil
	}
	folder, err := os.MkdirTemp("", "wanstore-demo-")
	if err != nil {
		return "", nil, err
	}
	return filepath.Join(folder, "demo.db"), func() error { return os.RemoveAll(folder) }, nil
}

// demonstration records lines that do not exist.
type demonstration struct {
	writer *service.Writer
	begin  time.Time // up to which there are days
	lines  []*demoLine
	batch  []service.Sample
}

func newDemonstration(writer *service.Writer) (*demonstration, error) {
	d := &demonstration{writer: writer, begin: time.Now().Truncate(time.Minute)}
	for i, model := range demoModels() {
		line, err := newDemoLine(writer, model, uint64(i))
		if err != nil {
			return nil, err
		}
		d.lines = append(d.lines, line)
	}
	return d, nil
}

// fill records the days up to the begin and rolls them up, and then what that has taken.
func (d *demonstration) fill(ctx context.Context) error {
	if err := d.record(ctx, d.begin.AddDate(0, 0, -demoDays), d.begin); err != nil {
		return err
	}
	if _, err := d.writer.Maintain(ctx); err != nil {
		return err
	}
	return d.record(ctx, d.begin, time.Now())
}

// record records from one moment until another.
func (d *demonstration) record(ctx context.Context, from, until time.Time) error {
	for at := from; at.Before(until); at = at.Add(demoPace(until.Sub(at))) {
		for _, line := range d.lines {
			d.batch = line.append(d.batch, at, d.begin)
		}
		if len(d.batch) < demoBatch {
			continue
		}
		if err := d.write(ctx); err != nil {
			return err
		}
	}
	return d.write(ctx)
}

// demoPace is the distance to the next cycle of that age: no more of them are made than can be told
// from the buckets that are left.
func demoPace(age time.Duration) time.Duration {
	switch {
	case age > 24*time.Hour:
		return time.Minute
	case age > time.Hour:
		return 10 * time.Second
	}
	return demoFine
}

func (d *demonstration) write(ctx context.Context) error {
	err := d.writer.Write(ctx, d.batch...)
	d.batch = d.batch[:0]
	return err
}

// serve answers, and goes on recording, until ctx is done.
func (d *demonstration) serve(ctx context.Context, server *endpoint) error {
	ctx, cancel := context.WithCancel(ctx)
	var recording sync.WaitGroup
	recording.Go(func() { d.follow(ctx) })
	err := server.serve(ctx)
	cancel()
	recording.Wait()
	return err
}

// follow records from now on, until ctx is done.
func (d *demonstration) follow(ctx context.Context) {
	ticker := time.NewTicker(demoFine)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case at := <-ticker.C:
			for _, line := range d.lines {
				d.batch = line.append(d.batch[:0], at, d.begin)
				d.writer.Record(d.batch...)
			}
		}
	}
}
