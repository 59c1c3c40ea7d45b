package corruption

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/service"
)

// childVariable holds the path that a child of the test records to, once its standard input has ended.
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
