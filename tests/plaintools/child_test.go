package plaintools

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"testing"
)

// recordAsChild is the life of a child: it records until it is killed, and says how far it is.
func recordAsChild(path string) error {
	ctx := context.Background()
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	r, err := openRecorder(ctx, path, 0, log)
	if err != nil {
		return err
	}
	r.tell = func(tried, acked int) error {
		_, err := fmt.Fprintf(os.Stdout, "%d %d\n", tried, acked) // with one system call
		return err
	}
	r.run(ctx)
	return r.err
}

// child is a recorder in a process of its own.
type child struct {
	*recorder // its progress; it writes nothing

	command *exec.Cmd
	said    bytes.Buffer
}

// startChild starts a recorder in a process of its own.
func startChild(t *testing.T, path string) *child {
	t.Helper()
	c := &child{command: exec.CommandContext(t.Context(), os.Args[0])}
	c.command.Env = append(os.Environ(), childVariable+"="+path)
	c.command.Stderr = &c.said
	c.recorder = &recorder{
		tell:    func(int, int) error { return nil },
		changed: make(chan struct{}), done: make(chan struct{}),
	}
	output, err := c.command.StdoutPipe()
	must(t, err)
	must(t, c.command.Start())
	go func() {
		defer close(c.done)
		for lines := bufio.NewScanner(output); lines.Scan(); {
			var tried, acked int
			if _, err := fmt.Sscan(lines.Text(), &tried, &acked); err != nil {
				c.fail(fmt.Errorf("the child says %q: %w", lines.Text(), err))
			}
			_ = c.move(tried, acked) // it tells nobody
		}
	}()
	return c
}

// kill ends the child as a crash would. It must have been alive, and have warned of nothing.
func (c *child) kill(t *testing.T) {
	t.Helper()
	_ = c.command.Process.Kill() // it may have ended
	<-c.done
	_ = c.command.Wait() // that it was killed
	if c.command.ProcessState.Exited() || c.said.Len() > 0 || c.err != nil {
		t.Errorf("the child: %s, %v: %s", c.command.ProcessState, c.err, c.said.String())
	}
}
