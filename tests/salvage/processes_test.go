package salvage

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/service"
)

// childVariable has a child work in the folder that childFolder names: the test binary starts
// itself.
const (
	childVariable = "WANSTORE_TEST_CHILD"
	childFolder   = "WANSTORE_TEST_FOLDER"
)

// What a child does.
const (
	recorder = "record" // it records, and salvages by itself
	byHand   = "salvage"
)

func TestMain(m *testing.M) {
	role := os.Getenv(childVariable)
	if role == "" {
		os.Exit(m.Run())
	}
	if err := work(context.Background(), role, os.Getenv(childFolder)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// work is the life of a child. It ends when all of the damaged file has been taken.
func work(ctx context.Context, role, dir string) error {
	w, err := service.OpenWriter(ctx, service.Config{
		DBPath: filepath.Join(dir, fileName), MaintenanceInterval: 20 * time.Millisecond,
		CommitInterval: 5 * time.Millisecond,
	}, service.Options{
		Logger: slog.New(slog.NewTextHandler(os.Stderr, nil)), Now: func() time.Time { return laterAt },
		TrustClock:    true,
		NoMaintenance: role == byHand,
	})
	if err != nil {
		return err
	}
	if role == byHand {
		return errors.Join(takeByHand(ctx, w, dir), w.Close(ctx))
	}
	samples, err := samplesOf(w, damageAt, endAt)
	if err != nil {
		return err
	}
	for i := 0; err == nil && (i == 0 || len(w.Health()) > 0 || isLeft(dir)); i++ {
		from, until := i%20*len(samples)/20, (i%20+1)*len(samples)/20
		if err = w.Write(ctx, samples[from:until]...); err == nil {
			_, err = w.Maintain(ctx)
		}
	}
	if err == nil {
		err = w.Write(ctx, samples...)
	}
	return errors.Join(err, w.Status().LastError, w.Close(ctx))
}

// isLeft says that what was put together is still there: a process that was killed leaves it to the
// next recorder.
func isLeft(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, fileName+".salvage"))
	return err == nil
}

func takeByHand(ctx context.Context, w *service.Writer, dir string) error {
	if _, err := w.Maintain(ctx); err != nil {
		return err
	}
	prepared, err := service.PrepareSalvage(ctx, filepath.Join(dir, damagedName), w.Path())
	if errors.Is(err, service.ErrSalvaging) {
		return nil
	}
	if err != nil {
		return err
	}
	return errors.Join(w.Salvage(ctx, prepared), prepared.Close())
}

type child struct {
	command *exec.Cmd
	said    bytes.Buffer
}

func startChild(t *testing.T, role, dir string) *child {
	t.Helper()
	c := &child{command: exec.CommandContext(t.Context(), os.Args[0])}
	c.command.Env = append(os.Environ(), childVariable+"="+role, childFolder+"="+dir)
	c.command.Stderr = &c.said
	must(t, c.command.Start())
	return c
}

// wait fails the test unless the child has ended well, or was killed.
func (c *child) wait(t *testing.T) (killed bool) {
	t.Helper()
	err := c.command.Wait()
	if !c.command.ProcessState.Exited() {
		return true
	}
	if err != nil {
		t.Errorf("%v: %s", err, c.said.String())
	}
	return false
}

// finish takes what is left to be taken, and compares.
func (w world) finish(t *testing.T, dir string) {
	t.Helper()
	startChild(t, recorder, dir).wait(t)
	s := &salvaging{t: t, dir: dir, c: newClock(laterAt)}
	must(t, s.open(t.Context()))
	must(t, s.maintain(t.Context()))
	must(t, s.close(t.Context()))
	w.check(t, dir)
}

// A recorder and a salvage by hand are killed again and again: the next one goes on, nothing is
// lost and nothing counts twice.
func TestKilled(t *testing.T) {
	files, kills := 2, 6
	if filetest.Soak() {
		files = 100
	}
	w := newWorld(t)
	killed := 0
	longest := 500 * time.Millisecond
	for range files {
		dir := t.TempDir()
		w.place(t, dir)
		for i := range kills {
			begun := time.Now()
			c := startChild(t, []string{recorder, byHand}[i%2], dir)
			timer := time.AfterFunc(rand.N(longest), func() { _ = c.command.Process.Kill() })
			if c.wait(t) {
				killed++
			} else {
				longest = time.Since(begun)
			}
			timer.Stop()
		}
		w.finish(t, dir)
		if t.Failed() {
			return
		}
	}
	t.Logf("%d processes killed", killed)
}

// Two recorders and somebody who salvages by hand at once: it happens once, and nobody is kept from
// recording.
func TestTogether(t *testing.T) {
	rounds := 2
	if filetest.Soak() {
		rounds = 100
	}
	w := newWorld(t)
	for range rounds {
		dir := t.TempDir()
		w.place(t, dir)
		var children []*child
		for _, role := range []string{recorder, byHand, recorder, byHand} {
			children = append(children, startChild(t, role, dir))
		}
		for _, c := range children {
			c.wait(t)
		}
		w.finish(t, dir)
		if t.Failed() {
			return
		}
	}
}
