package main

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/spf13/cobra"

	"github.com/wanstore/wanstore/api"
	"github.com/wanstore/wanstore/push"
	"github.com/wanstore/wanstore/service"
)

func newServe() *cobra.Command {
	asJSON := false
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Answer HTTP from a file that it only reads",
		Long: fmt.Sprintf(`
Answer over HTTP from the history file until interrupted, while another program may write it.
The command only reads: it records nothing, rolls nothing up and deletes nothing. The file need not
be there yet. While it is not there or cannot be read, requests for data are answered with 503 and
the reason.

  /                 a page to look at
  /metrics/history  points as JSON: ?range=7d&step=5m&metrics=%s
  /metrics          the newest values for Prometheus
  /api/v1/          PromQL as Prometheus answers it, for Grafana and promtool
  /health           200, or 503 with what is wrong

Every user of this machine may ask. Where others can reach the address, a token is needed, in
$%sTOKEN. It has no flag, because every user can list the flags of a process. It has 16 characters
or more ("openssl rand -hex 16" makes one), and a request carries it as
"Authorization: Bearer TOKEN". HTTP does not hide it: across a network, put a proxy with TLS in
front.

With --json the command prints one line of JSON once it answers, with the address (url), the path of
the history (path), its process id (pid) and its version. "wanstore help env" lists all variables.`,
			service.RTT, api.EnvPrefix),
		Example: `  wanstore serve
  wanstore serve --listen 127.0.0.1:8080 --db wan.db
  curl 'http://127.0.0.1:9101/metrics/history?range=1h&step=1m'`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return serve(cmd, asJSON) },
	}
	addListenFlag(cmd,
		fmt.Sprintf("answer at `HOST:PORT`; port 0 is any that is free (default $%sLISTEN or %s)",
			api.EnvPrefix, api.DefaultListen))
	addPushFlags(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print where it answers as one line of JSON")
	return cmd
}

func serve(cmd *cobra.Command, asJSON bool) error {
	config, httpConfig, pushConfig, err := configureServer(cmd)
	if err != nil {
		return err
	}
	ctx := cmd.Context()
	listener, err := listen(ctx, httpConfig)
	if err != nil {
		return err
	}
	logger := newLogger(cmd)
	endpoint := newEndpoint(listener, httpConfig, config.DBPath, nil, logger)
	sender, stop, err := startPushing(cmd, config, pushConfig, push.Options{Logger: logger})
	if err != nil {
		return errors.Join(unlessInterrupted(ctx, err), endpoint.close())
	}
	sender.beside(endpoint)
	if asJSON {
		if err := endpoint.writeStart(cmd.OutOrStdout(), config.DBPath); err != nil {
			return errors.Join(err, endpoint.close(), stop())
		}
	}
	fmt.Fprintf(cmd.ErrOrStderr(), "serving %s at %s, Ctrl-C ends\n", config.DBPath, endpoint.url())
	if err := tryHistory(ctx, config.DBPath); err != nil {
		fmt.Fprintf(cmd.ErrOrStderr(), "until it can be read, the answer is 503: %v\n",
			explainMissing(cmd, err))
	}
	notices := &notifier{log: logger, alive: context.Context.Err, status: func() string {
		return "serving " + config.DBPath + " at " + endpoint.url()
	}}
	ctx, cancel := context.WithCancel(ctx)
	var notifying sync.WaitGroup
	notifying.Go(func() { notices.run(ctx) })
	err = endpoint.serve(ctx)
	cancel()
	notifying.Wait()
	return errors.Join(err, stop())
}

// tryHistory says why the file cannot be read, nil if it can.
func tryHistory(ctx context.Context, path string) error {
	history, err := service.OpenHistory(ctx, path)
	if err != nil {
		return err
	}
	return history.Close()
}
