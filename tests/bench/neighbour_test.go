package bench

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wanstore/wanstore/service"
)

// neighbourVariable holds the path of the file that a neighbour writes to.
const neighbourVariable = "WANSTORE_BENCH_NEIGHBOUR"

// neighbour is another process that commits a sample whenever it is told to.
type neighbour struct {
	orders  io.WriteCloser // the moment of the sample in microseconds, a line each
	answers *bufio.Scanner // a line when it is committed
	command *exec.Cmd
}

func startNeighbour(b *testing.B, path string) *neighbour {
	b.Helper()
	n := &neighbour{command: exec.Command(os.Args[0])}
	n.command.Env = append(os.Environ(), neighbourVariable+"="+path)
	n.command.Stderr = os.Stderr
	answers, err := n.command.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	n.answers = bufio.NewScanner(answers)
	if n.orders, err = n.command.StdinPipe(); err != nil {
		b.Fatal(err)
	}
	if err := n.command.Start(); err != nil {
		b.Fatal(err)
	}
	return n
}

// commit waits until the neighbour has committed a sample.
func (n *neighbour) commit(b *testing.B, at time.Time) {
	b.Helper()
	if _, err := fmt.Fprintln(n.orders, at.UnixMicro()); err != nil {
		b.Fatal(err)
	}
	if !n.answers.Scan() {
		b.Fatalf("the other process has ended: %v", n.answers.Err())
	}
}

func (n *neighbour) end(b *testing.B) {
	b.Helper()
	if err := n.orders.Close(); err != nil {
		b.Error(err)
	}
	if err := n.command.Wait(); err != nil {
		b.Error(err)
	}
}

// beNeighbour is the life of the other process. Its clock is the moment of its newest order.
func beNeighbour(path string) error {
	var clock atomic.Int64
	clock.Store(start.UnixMicro())
	ctx := context.Background()
	writer, err := service.OpenWriter(ctx, service.Config{DBPath: path}, service.Options{
		Logger:        slog.New(slog.DiscardHandler),
		Now:           func() time.Time { return time.UnixMicro(clock.Load()) },
		TrustClock:    true,
		NoMaintenance: true,
	})
	if err != nil {
		return err
	}
	series, err := writer.Series(service.State, "neighbour", nil)
	if err != nil {
		return err
	}
	for orders := bufio.NewScanner(os.Stdin); orders.Scan(); {
		micros, err := strconv.ParseInt(orders.Text(), 10, 64)
		if err != nil {
			return err
		}
		clock.Store(micros)
		sample := service.Sample{Series: series, Time: time.UnixMicro(micros), Value: 1}
		if err := writer.Write(ctx, sample); err != nil {
			return err
		}
		fmt.Fprintln(os.Stdout, "committed")
	}
	return writer.Close(ctx)
}
