package push

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/wanstore/wanstore/service"
)

// ErrNotSent reports a receiver that a history was never sent to.
var ErrNotSent = errors.New("the history was never sent there")

// Forget has the history of a writer forget what a receiver was sent and what it does not take, so
// that a sender that is started again sends everything again. It returns the targets that were
// forgotten. The receiver is its URL, or one of its targets as Status names it.
//
// Errors: ErrNotSent, service.ErrDeliveryLocked where a process sends to one of them, so that none
// is forgotten, those of the file, and that of ctx.
func Forget(
	ctx context.Context, writer *service.Writer, receiver string,
) (targets []string, err error) {
	all, err := deliveries(ctx, writer)
	if err != nil {
		return nil, err
	}
	var locks []io.Closer
	defer func() {
		for _, lock := range locks {
			err = errors.Join(err, lock.Close())
		}
	}()
	for _, one := range all {
		if one.Target != receiver && receiverOf(one.Target) != receiver {
			continue
		}
		lock, err := writer.LockDelivery(ctx, one.Target)
		if err != nil {
			return nil, fmt.Errorf("%w (%s)", err, one.Target)
		}
		locks, targets = append(locks, lock), append(targets, one.Target)
	}
	if len(targets) == 0 {
		return nil, ErrNotSent
	}
	for _, target := range targets {
		if err := writer.ForgetDelivery(ctx, target); err != nil {
			return nil, err
		}
	}
	return targets, nil
}

// deliveries returns the targets that the file of a writer knows.
func deliveries(ctx context.Context, writer *service.Writer) ([]service.Delivery, error) {
	history, err := writer.History(ctx)
	if err != nil {
		return nil, err
	}
	view, err := history.Snapshot(ctx)
	if err != nil {
		return nil, errors.Join(err, history.Close())
	}
	all, err := view.Deliveries(ctx)
	return all, errors.Join(err, view.Close(), history.Close())
}

// receiverOf returns the URL of a target, with which Config.Target begins.
func receiverOf(target string) string {
	url, _, _ := strings.Cut(target, " {")
	return url
}
