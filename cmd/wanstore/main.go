//go:build !man

// Command wanstore keeps the metrics history of a WAN controller in one SQLite file: it records
// this machine's line, imports what others have recorded, ages what is there and answers questions
// about it.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

func main() { os.Exit(run()) }

// run lives apart from main because os.Exit skips what is deferred.
func run() int {
	// Without this a reader that has seen enough (| head) ends the program on the spot, and what a
	// recorder has in its queue with it. With it the write fails, and the command comes to its end.
	signal.Ignore(syscall.SIGPIPE)

	ctx, stop := signal.NotifyContext(context.Background(), endings()...)
	defer stop()
	context.AfterFunc(ctx, func() {
		signal.Ignore(syscall.SIGHUP) // a terminal that goes away sends two
		stop()                        // the default is back: a second interrupt kills
	})

	return execute(ctx, newRoot(), os.Args[1:])
}

// endings are the signals that end the program in order. A hangup is none where it is ignored, as
// under nohup.
func endings() []os.Signal {
	signals := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) {
		signals = append(signals, syscall.SIGHUP)
	}
	return signals
}
