package push

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// scratch is a folder for what is built, which goes with the process.
var scratch string

func TestMain(m *testing.M) {
	if text := os.Getenv(ordersVariable); text != "" {
		if err := obey(text); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	var err error
	if scratch, err = os.MkdirTemp("", "push"); err != nil {
		panic(err)
	}
	code := m.Run()
	_ = os.RemoveAll(scratch)
	os.Exit(code)
}

// buildWanstore builds the program that is judged.
var buildWanstore = sync.OnceValues(func() (path string, err error) {
	path = filepath.Join(scratch, "wanstore")
	build := exec.Command("go", "build", "-o", path, "./cmd/wanstore")
	build.Dir = "../.."
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if output, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w: %s", err, output)
	}
	return path, nil
})

func wanstore(t testing.TB) string {
	t.Helper()
	path, err := buildWanstore()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// sender is a process that sends a history.
type sender struct {
	t       testing.TB
	db      string
	command func() *exec.Cmd
	running *exec.Cmd // nil while it does not run
	ended   chan error
	since   time.Time // when it was started
	input   io.WriteCloser
	log     bytes.Buffer
}

// send starts the program on a history. The test ends it.
func send(t testing.TB, r *receiver, db string, flags ...string) *sender {
	t.Helper()
	flags = append([]string{"push", "--db", db, "--to", r.writeURL(), "--site", site}, flags...)
	program := wanstore(t)
	return run(t, db, func() *exec.Cmd { return exec.Command(program, flags...) })
}

func run(t testing.TB, db string, command func() *exec.Cmd) *sender {
	t.Helper()
	s := &sender{t: t, db: db, command: command}
	t.Cleanup(func() {
		s.kill()
		if t.Failed() {
			t.Logf("the sender: %s", s.log.String())
		}
	})
	s.start()
	return s
}

// start starts it again.
func (s *sender) start() {
	s.t.Helper()
	command := s.command() // ended in a cleanup, not with the test's context
	command.Stdout, command.Stderr = &s.log, &s.log
	input, err := command.StdinPipe()
	if err == nil {
		err = command.Start()
	}
	if err != nil {
		s.t.Fatal(err)
	}
	s.input = input
	s.running, s.ended, s.since = command, make(chan error, 1), time.Now()
	go func() { s.ended <- command.Wait() }()
}

// kill kills it, as kill -9 does.
func (s *sender) kill() {
	if s.running == nil {
		return
	}
	_ = s.running.Process.Kill()
	<-s.ended //nolint:errcheck // it was killed
	s.running = nil
}

// stop asks it to end, and returns what it has used.
func (s *sender) stop() *os.ProcessState {
	s.t.Helper()
	if err := s.running.Process.Signal(os.Interrupt); err != nil {
		s.t.Errorf("the sender has ended before: %v", err)
	}
	if err := <-s.ended; err != nil {
		s.t.Errorf("the sender ends with %v", err)
	}
	ended := s.running.ProcessState
	s.running = nil
	return ended
}

// state is what the program tells of a sender.
type state struct {
	BacklogSamples int64     `json:"backlog_samples"`
	LateBuckets    int64     `json:"late_buckets"`
	Sent           int64     `json:"sent"`
	Resent         int64     `json:"resent"`
	Parked         int64     `json:"parked"`
	LastSuccess    time.Time `json:"last_success"`
	SentUntil      time.Time `json:"sent_until"`
	ConfirmedUntil time.Time `json:"confirmed_until"`
	Audit          struct {
		Audits     int64 `json:"audits"`
		Missing    int64 `json:"missing"`
		Unrepaired int64 `json:"unrepaired"`
		Doubled    int64 `json:"doubled"`
	} `json:"audit"`
}

// status asks the program how far the sender is.
func (s *sender) status() (state, string) {
	s.t.Helper()
	command := exec.CommandContext(s.t.Context(), wanstore(s.t), "push", "status", "--db", s.db,
		"--json")
	var errs strings.Builder
	command.Stderr = &errs
	output, err := command.Output()
	if err != nil {
		s.t.Fatalf("%v: %s", err, errs.String())
	}
	var answer struct{ Targets []state }
	if err := json.Unmarshal(output, &answer); err != nil {
		s.t.Fatalf("%v: %s", err, output)
	}
	if len(answer.Targets) == 0 { // it has only just been started
		return state{BacklogSamples: 1}, string(output)
	}
	return answer.Targets[0], string(output)
}

// done waits until the sender has nothing more to send, and fails the test when something was
// refused. Each sender begins with the last sends of the one before: until then nothing seems to
// wait.
func (s *sender) done() {
	s.t.Helper()
	var last state
	var text string
	if !within(enough, func() bool {
		last, text = s.status()
		return last.BacklogSamples == 0 && last.LastSuccess.After(s.since)
	}) {
		s.t.Errorf("the sender is not done: %s", text)
	}
	if last.Parked != 0 {
		s.t.Errorf("something is parked: %s", text)
	}
}
