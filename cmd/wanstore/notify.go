package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"os"
	"strings"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"

	"github.com/wanstore/wanstore/service"
)

// statusInterval is the time between two looks at the state, where no watchdog wants one earlier.
const statusInterval = 30 * time.Second

// sendLimit is how long a message waits for a service manager that does not read.
const sendLimit = time.Second

// notifier tells systemd how the program is, by the protocol of sd_notify(3). Where no service
// manager listens ($NOTIFY_SOCKET) it does nothing.
type notifier struct {
	log *slog.Logger
	// alive blocks for as long as the program makes no progress: that long the watchdog is not fed.
	alive func(context.Context) error
	// status is what the service manager shows, in one line.
	status func() string

	failing bool // the last message could not be sent, and that is logged
}

// run says that the program is ready, feeds the watchdog, and says that the program stops when ctx
// is done.
func (n *notifier) run(ctx context.Context) {
	if os.Getenv("NOTIFY_SOCKET") == "" {
		return
	}
	ready := n.send(daemon.SdNotifyReady, n.shown())
	ticker := time.NewTicker(n.interval())
	defer ticker.Stop()
	for ctx.Err() == nil {
		if err := n.alive(ctx); err == nil {
			if !ready { // it may have to know that before it believes anything else
				ready = n.send(daemon.SdNotifyReady, n.shown())
			}
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

// send reports whether it has sent the message. Why it has not is logged once.
func (n *notifier) send(lines ...string) bool {
	err := tell(strings.Join(lines, "\n"))
	if err != nil && !n.failing {
		n.log.Warn("the service manager cannot be told", "err", err)
	}
	n.failing = err != nil
	return err == nil
}

// tell sends a message to the service manager. daemon.SdNotify would wait without end for one that
// does not read, and the program could not stop.
func tell(message string) (err error) {
	address := &net.UnixAddr{Name: os.Getenv("NOTIFY_SOCKET"), Net: "unixgram"}
	conn, err := net.DialUnix(address.Net, nil, address)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	if err := conn.SetWriteDeadline(time.Now().Add(sendLimit)); err != nil {
		return err
	}
	_, err = conn.Write([]byte(message))
	return err
}

// withProblems adds what is wrong to what a program does.
func withProblems(doing string, problems []service.Problem) string {
	parts := []string{doing}
	for _, problem := range problems {
		parts = append(parts, problem.Message)
	}
	return strings.Join(parts, "; ")
}
