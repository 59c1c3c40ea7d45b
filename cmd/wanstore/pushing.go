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

// pushFlags are the flags of pushing, by the variables that they stand for.
func pushFlags() map[string]string {
	return map[string]string{
		"to":          push.EnvPrefix + "URL",
		"push":        push.EnvPrefix + "URL", // what --to is where pushing is not all that is done
		"query":       push.EnvPrefix + "QUERY",
		"site":        push.EnvPrefix + "SITE",
		"labels":      push.EnvPrefix + "LABELS",
		"headers":     push.EnvPrefix + "HEADERS",
		"token-file":  push.EnvPrefix + "TOKEN_FILE",
		"basic-file":  push.EnvPrefix + "BASIC_FILE",
		"ca-file":     push.EnvPrefix + "CA_FILE",
		"granularity": push.EnvPrefix + "GRANULARITY",
		"settle":      push.EnvPrefix + "SETTLE",
		"batch-size":  push.EnvPrefix + "BATCH_SIZE",
		"replay-rate": push.EnvPrefix + "REPLAY_RATE",
		"order":       push.EnvPrefix + "ORDER",
		"suffix":      push.EnvPrefix + "SUFFIX",
		"percentiles": push.EnvPrefix + "PERCENTILES",
	}
}

// addPushFlags adds the flags by which a command that does something else sends the history as
// well.
func addPushFlags(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.String("push", "", fmt.Sprintf(
		"also send the history to the receiver of remote write at this `URL` (default $%sURL)",
		push.EnvPrefix))
	flags.String("site", "", fmt.Sprintf(
		"label `SITE` of what is sent (default $%sSITE)", push.EnvPrefix))
}

// configurePush reads how to send a history. Without a URL nothing is to be sent.
func configurePush(cmd *cobra.Command) (push.Config, error) {
	return push.ConfigFromEnv(readSettingFlags(cmd))
}

// pusher sends the history of a writer beside what else the command does. Nil is none.
type pusher struct {
	*push.Sender

	ping    func(context.Context) error // of the writer
	cancel  context.CancelFunc
	running sync.WaitGroup
}

// openPusher makes ready to send. It returns nil where nobody has asked for that.
func openPusher(
	cmd *cobra.Command, writer *service.Writer, config push.Config, options push.Options,
) (*pusher, error) {
	if config.URL == "" {
		return nil, nil //nolint:nilnil // nobody has asked for one, which is no error
	}
	sender, err := push.Open(cmd.Context(), writer, config, options)
	switch {
	case errors.Is(err, push.ErrNameTaken):
		return nil, fmt.Errorf("%w (%sSUFFIX changes the name)", err, push.EnvPrefix)
	case errors.Is(err, service.ErrDeliveryLocked):
		return nil, fmt.Errorf("%w (%s)", err, config.URL)
	case err != nil:
		return nil, err
	}
	return &pusher{Sender: sender, ping: writer.Ping}, nil
}

// start begins to send, until stop.
func (p *pusher) start(ctx context.Context) {
	if p == nil {
		return
	}
	ctx, p.cancel = context.WithCancel(context.WithoutCancel(ctx))
	p.running.Go(func() { p.Run(ctx) })
}

// stop ends the sending and waits for that. What has not been sent is sent by the next sender.
func (p *pusher) stop() error {
	if p == nil {
		return nil
	}
	if p.cancel != nil {
		p.cancel()
	}
	p.running.Wait()
	return p.Close()
}

// health is what is wrong with it, nothing where there is none.
func (p *pusher) health() []service.Problem {
	if p == nil {
		return nil
	}
	return p.Health()
}

// beside has an endpoint, if there is one, tell what the sender says of itself.
func (p *pusher) beside(e *endpoint) {
	if p != nil && e != nil {
		e.api.Add(api.Part{Collector: p.Collector(), Health: p.Health, Notes: p.Notes})
	}
}
