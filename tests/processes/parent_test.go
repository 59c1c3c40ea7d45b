package processes

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/wanstore/wanstore/service"
)

// child is a process that obeys orders.
type child struct {
	t       *testing.T
	command *exec.Cmd
	errors  bytes.Buffer
	reports chan report // closed when the child has ended
}

func start(t *testing.T, o orders) *child {
	t.Helper()
	text, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	c := &child{t: t, command: exec.CommandContext(t.Context(), os.Args[0]),
		reports: make(chan report)}
	c.command.Env = append(os.Environ(), childVariable+"="+string(text))
	c.command.Stderr = &c.errors
	c.command.Dir = o.Folder
	if o.Mount != (mount{}) {
		ownMounts(c.command)
	}
	output, err := c.command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.command.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(c.reports)
		lines := bufio.NewScanner(output)
		for lines.Scan() {
			var r report
			if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
				t.Errorf("%s: %v", lines.Bytes(), err)
			}
			c.reports <- r
		}
	}()
	return c
}

// kill ends the process as a crash would: none of its threads runs any more. One that has ended
// meanwhile is left to wait.
func (c *child) kill() {
	if err := c.command.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		c.t.Errorf("kill: %v", err)
	}
}

// wait waits for the end of a child whose reports have all been taken, and returns what it has said
// of its failure.
func (c *child) wait() string {
	if err := c.command.Wait(); err != nil {
		return err.Error() + "\n" + c.errors.String()
	}
	return ""
}

// reader asks for the history while others write it.
type reader struct {
	t    *testing.T
	path string
	h    *service.History // nil until there is a file
}

// total returns how many samples the file shows, in one range over all tiers.
func (r *reader) total(step time.Duration) int64 {
	r.t.Helper()
	if r.h == nil {
		h, err := service.OpenHistory(r.t.Context(), r.path)
		if err != nil {
			r.t.Fatal(err)
		}
		r.h = h
	}
	var n int64
	for point, err := range r.h.Range(r.t.Context(),
		service.Query{From: begin.AddDate(0, 0, -1), Until: begin.AddDate(0, 0, 7), Step: step}) {
		if err != nil {
			r.t.Fatalf("a reader failed: %v", err)
		}
		n += point.Count
	}
	return n
}

func (r *reader) close() {
	if r.h == nil {
		return
	}
	if err := r.h.Close(); err != nil {
		r.t.Error(err)
	}
}
