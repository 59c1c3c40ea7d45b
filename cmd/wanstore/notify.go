package main

import (
	"context"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"

	"github.com/wanstore/wanstore/service"
)

// statusInterval is the time between two looks at the state, where no watchdog wants one earlier.
const statusInterval = 30 * time.Second

// notifier tells systemd how the program is, by the protocol of sd_notify(3). Where no service
// manager listens ($NOTIFY_SOCKET) it does nothing.
type notifier struct {
	log *slog.Logger
	// alive blocks for as long as the program makes no progress: that long the watchdog is not fed.
	alive func(context.Context) error
	// status is what the service manager shows, in one line.
	status func() string
}

// run says that the program is ready, feeds the watchdog, and says that the program stops when ctx
// is done.
func (n *notifier) run(ctx context.Context) {
	if os.Getenv("NOTIFY_SOCKET") == "" {
		return
	}
	n.send(daemon.SdNotifyReady, n.shown())
	ticker := time.NewTicker(n.interval())
	defer ticker.Stop()
	for ctx.Err() == nil {
		if err := n.alive(ctx); err == nil {
			n.send(daemon.SdNotifyWatchdog, n.shown())
		}
		select {
		case <-ctx.Done():
		case <-ticker.C:
		}
	}
	n.send(daemon.SdNotifyStopping)
}

// interval is half the time after which the watchdog bites, as systemd recommends.
func (n *notifier) interval() time.Duration {
	watchdog, err := daemon.SdWatchdogEnabled(false)
	if err != nil {
		n.log.Warn("the watchdog of the service manager is not fed", "err", err)
	}
	if watchdog/2 <= 0 {
		return statusInterval
	}
	return min(watchdog/2, statusInterval)
}

func (n *notifier) shown() string {
	return "STATUS=" + strings.ReplaceAll(n.status(), "\n", " ")
}

func (n *notifier) send(lines ...string) {
	if _, err := daemon.SdNotify(false, strings.Join(lines, "\n")); err != nil {
		n.log.Warn("the service manager cannot be told", "err", err)
	}
}

// withProblems adds what is wrong to what a program does.
func withProblems(doing string, problems []service.Problem) string {
	parts := []string{doing}
	for _, problem := range problems {
		parts = append(parts, problem.Message)
	}
	return strings.Join(parts, "; ")
}
