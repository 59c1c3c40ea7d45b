package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/wanstore/wanstore/push"
	"github.com/wanstore/wanstore/service"
)

func newPushForget() *cobra.Command {
	var receiver string
	cmd := &cobra.Command{
		Use:   "forget --to URL",
		Short: "Forget a receiver that nobody sends to any more",
		Long: `
Forget how far a receiver was sent the history, and what it did not take. This deletes nothing at
the receiver, nor any samples. If it is sent to again, it is sent everything again.

The receiver is its URL, with all that was sent there: as another site, or at another granularity.
One of these alone is named as "wanstore push status" does (target). The command refuses what is
being sent to.`,
		Example: `  wanstore push forget --to http://127.0.0.1:8428/api/v1/write
  wanstore push forget --to 'http://127.0.0.1:8428/api/v1/write {site="berlin"} 1m' --db wan.db`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return forgetPush(cmd, receiver) },
	}
	cmd.Flags().StringVar(&receiver, "to", "", "the receiver at this `URL`, or one of its targets")
	addPathFlag(cmd)
	return cmd
}

func forgetPush(cmd *cobra.Command, receiver string) (err error) {
	config, err := configure(cmd)
	if err != nil {
		return err
	}
	if receiver == "" {
		return usagef(cmd, `which receiver? want --to URL, as "wanstore push status" shows it`)
	}
	ctx := cmd.Context()
	if err := tryHistory(ctx, config.DBPath); err != nil {
		return explainMissing(cmd, err)
	}
	writer, err := openWriter(cmd, config,
		service.Options{Logger: newLogger(cmd), NoMaintenance: true})
	if err != nil {
		return err
	}
	targets, err := push.Forget(ctx, writer, receiver)
	err = errors.Join(err, ended(context.WithoutCancel(ctx), writer.CloseWithoutRollUp))
	switch {
	case errors.Is(err, push.ErrNotSent):
		return fmt.Errorf("%w: %s (wanstore push status shows where)", err, printable(receiver))
	case err != nil:
		return err
	}
	for _, target := range targets {
		fmt.Fprintln(cmd.OutOrStdout(), "forgotten:", printable(target))
	}
	return nil
}
