package corruption

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/repo"
	"github.com/wanstore/wanstore/service"
)

// childVariable holds the path that a child of the test records to, once its standard input has
// ended.
const childVariable = "WANSTORE_TEST_CORRUPTION_CHILD"

func TestMain(m *testing.M) {
	path := os.Getenv(childVariable)
	if path == "" {
		goleak.VerifyTestMain(m)
		return
	}
	if err := record(path); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// record writes one sample.
func record(path string) error {
	if _, err := os.Stdin.Read(make([]byte, 1)); err == nil {
		return errors.New("there is something on standard input")
	}
	ctx := context.Background()
	w, err := service.OpenWriter(ctx, service.Config{DBPath: path},
		service.Options{NoMaintenance: true, Logger: slog.New(slog.NewTextHandler(os.Stderr, nil))})
	if err != nil {
		return err
	}
	s, err := w.Series("after", fmt.Sprint("child-", os.Getpid()), nil)
	if err != nil {
		return err
	}
	if err := w.Write(ctx, service.Sample{Series: s, Time: time.Now(), Value: 1}); err != nil {
		return err
	}
	return w.Close(ctx)
}

// Processes that find one file damaged at once move it aside once, and all go on in one new file.
func TestRace(t *testing.T) {
	const children = 4
	whole, _ := closed(t)
	whole[""] = whole[""][:len(whole[""])-pageSize]
	rounds := 10
	if testing.Short() {
		rounds = 3
	}
	for range rounds {
		path := whole.put(t)
		said := race(t, path, children)
		files, err := service.Quarantined(path)
		must(t, err)
		if len(files) != 1 {
			t.Fatalf("quarantined files %v, want one:\n%s", files, said)
		}
		if got := filetest.Int(t, path, "SELECT count(*) FROM "+filetest.RawSamples); got != children {
			t.Fatalf("%d samples in the new file, want one of each of %d processes", got, children)
		}
	}
}

// race starts processes that all record to the path, and returns what they have logged.
func race(t *testing.T, path string, children int) string {
	t.Helper()
	gate, open, err := os.Pipe()
	must(t, err)
	var running []*exec.Cmd
	for range children {
		child := exec.CommandContext(t.Context(), os.Args[0])
		child.Env = append(os.Environ(), childVariable+"="+path)
		child.Stdin, child.Stderr = gate, &bytes.Buffer{}
		must(t, child.Start())
		running = append(running, child)
	}
	must(t, open.Close())
	must(t, gate.Close())
	said := ""
	for _, child := range running {
		if err := child.Wait(); err != nil {
			t.Errorf("child: %v: %s", err, child.Stderr)
		}
		said += fmt.Sprint(child.Stderr)
	}
	return said
}

// Two writers that have a file open for long find its damage one after the other, each with a
// commit of its own. The last one moves it aside, and both go on in one new file.
func TestTwoWritersFindOneDamage(t *testing.T) {
	whole, _ := closed(t)
	path := whole.put(t)
	first, second := openStore(t, path), openStore(t, path)
	must(t, errors.Join(store(t, first), store(t, second)))
	scribble(t, path)

	damage := store(t, first)
	err := first.Renew(t.Context(), damage)
	if !isDamage(damage) || !isDamage(err) {
		t.Fatalf("the first one: %v, and %v, want %v", damage, err, service.ErrDamaged)
	}
	if n := strings.Count(err.Error(), path); n != 1 {
		t.Errorf("the path is said %d times: %v", n, err)
	}
	must(t, second.Renew(t.Context(), store(t, second)))
	must(t, store(t, second))
	if err := store(t, first); err == nil || !first.Lost() {
		t.Errorf("the first one goes on in the old file: %v", err)
	}
	must(t, first.Renew(t.Context(), nil))
	must(t, store(t, first))
	files, err := service.Quarantined(path)
	must(t, err)
	if len(files) != 1 {
		t.Errorf("quarantined files %v, want one", files)
	}
	count := "SELECT count(*) FROM " + filetest.RawSamples
	if got := filetest.Int(t, path, count); got != 2 {
		t.Errorf("%d samples in the new file, want one of each", got)
	}
}

func openStore(t *testing.T, path string) *repo.Writer {
	t.Helper()
	w, err := repo.OpenWriter(t.Context(), path, repo.SynchronousNormal)
	must(t, err)
	t.Cleanup(func() { must(t, w.Close()) })
	return w
}

// store commits one sample of a series that no other call has had.
func store(t *testing.T, w *repo.Writer) error {
	t.Helper()
	name := fmt.Sprint("series-", time.Now().UnixNano())
	series := &repo.Series{Key: repo.Key{MetricName: name, WANName: "wan", Labels: "{}"}}
	batch := repo.Batch{Latest: math.MaxInt64, Samples: []repo.Sample{{Series: series, TS: 1}}}
	return w.Append(t.Context(), batch, make([]repo.Outcome, 1))
}
