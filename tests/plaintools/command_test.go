package plaintools

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/wanstore/wanstore/service"
)

// build makes the command, as a user would.
func build(t *testing.T) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "wanstore")
	runQuietly(t, "go", "build", "-o", program, "../../cmd/wanstore")
	return program
}

// recording is the command that measures this machine and records that.
type recording struct {
	command   *exec.Cmd
	out, said bytes.Buffer
	ended     chan error
}

func startRecording(t *testing.T, program, path string) *recording {
	t.Helper()
	r := &recording{ended: make(chan error, 1)}
	r.command = exec.CommandContext(t.Context(), program, "record", "--json",
		"--target", "127.0.0.1", "--wan", "loop", "--interval", "20ms", "--db", path)
	r.command.Stdout, r.command.Stderr = &r.out, &r.said
	must(t, r.command.Start())
	go func() { r.ended <- r.command.Wait() }()
	return r
}

// await waits until the history has more than some samples, and returns how many.
func (r *recording) await(t *testing.T, path string, more int64) int64 {
	t.Helper()
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	ticker := time.NewTicker(5 * pace)
	defer ticker.Stop()
	for {
		if n := samplesIn(t, path); n > more {
			return n
		}
		select {
		case err := <-r.ended:
			if strings.Contains(r.said.String(), "permi") {
				t.Skipf("sending echoes is not permitted here: %s", r.said.String())
			}
			t.Fatalf("record ended: %v: %s", err, r.said.String())
		case <-deadline.C:
			t.Fatalf("there are not more than %d samples after %s", more, patience)
		case <-ticker.C:
		}
	}
}

// samplesIn is how many samples there are, 0 while there is no history.
func samplesIn(t *testing.T, path string) int64 {
	t.Helper()
	h, err := service.OpenHistory(t.Context(), path)
	if errors.Is(err, service.ErrMissing) || errors.Is(err, service.ErrEmpty) {
		return 0
	}
	must(t, err)
	defer h.Close()
	query := service.Query{From: time.Unix(0, 0), Until: time.Now().Add(time.Hour)}
	summaries, err := h.Summarize(t.Context(), query)
	must(t, err)
	n := int64(0)
	for _, s := range summaries {
		n += s.Count
	}
	return n
}

// The command records, and somebody checkpoints with SQLite's shell: neither the recording nor who
// asks notices anything.
func TestCommandBesideCheckpoints(t *testing.T) {
	s := findShell(t)
	program, path := build(t), filepath.Join(t.TempDir(), "x.db")
	r := startRecording(t, program, path)
	n := r.await(t, path, 0)
	for _, kind := range []string{"TRUNCATE", "PASSIVE", "FULL", "RESTART"} {
		s.run(t, path, "PRAGMA wal_checkpoint("+kind+");")
		ask(t, program, "history", "--db", path, "--last", "5m", "--summary")
		ask(t, program, "status", "--db", path)
		n = r.await(t, path, n)
	}
	must(t, r.command.Process.Signal(os.Interrupt))
	if err := <-r.ended; err != nil {
		t.Fatalf("record: %v: %s", err, r.said.String())
	}
	var summary struct {
		Samples struct {
			Recorded int64 `json:"recorded"`
			Accepted int64 `json:"accepted"`
		} `json:"samples"`
	}
	must(t, json.Unmarshal(r.out.Bytes(), &summary))
	exported := ask(t, program, "export", "--db", path)
	rows, err := csv.NewReader(strings.NewReader(exported)).ReadAll()
	must(t, err)
	got, said := int64(len(rows)-1), summary.Samples
	if got != said.Recorded || got != said.Accepted {
		t.Errorf("%d samples are exported, and the recorder says %+v", got, said)
	}
	if alarming.MatchString(r.said.String()) {
		t.Errorf("record says: %s", r.said.String())
	}
	nothingAside(t, path)
}

// ask runs the command, which must have nothing to say of damage, and returns what it prints.
func ask(t *testing.T, program string, args ...string) string {
	t.Helper()
	command := exec.CommandContext(t.Context(), program, args...)
	var said bytes.Buffer
	command.Stderr = &said
	printed, err := command.Output()
	if err != nil || alarming.MatchString(said.String()) {
		t.Errorf("wanstore %q: %v: %s", args, err, said.String())
	}
	return string(printed)
}
