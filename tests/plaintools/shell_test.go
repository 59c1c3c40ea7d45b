package plaintools

import (
	"bufio"
	"bytes"
	"io"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wanstore/wanstore/internal/filetest"
)

// shell is SQLite's own shell.
type shell struct {
	program string
	home    string // empty, so that nobody's settings count
}

// findShell skips the test where there is no shell.
func findShell(t *testing.T) shell {
	t.Helper()
	return shell{program: filetest.Shell(t), home: t.TempDir()}
}

func (s shell) command(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	command := exec.CommandContext(t.Context(), s.program, args...)
	command.Env = []string{"HOME=" + s.home}
	return command
}

// try runs statements and returns what the shell prints and what it complains of.
func (s shell) try(t *testing.T, path, statements string) (printed, complaint string) {
	t.Helper()
	command := s.command(t, "-batch", "-bail", "-cmd", ".timeout 10000", path)
	command.Stdin = strings.NewReader(statements + "\n")
	var out, complaints bytes.Buffer
	command.Stdout, command.Stderr = &out, &complaints
	err := command.Run()
	if err != nil && complaints.Len() == 0 {
		t.Fatalf("sqlite3: %v", err)
	}
	return out.String(), complaints.String()
}

// locked is the complaint of a shell that others were in the way of.
var locked = regexp.MustCompile(`database (table )?is locked|database is busy`)

// run runs statements, again where the file is locked, and returns what the shell prints. It must
// not complain of anything else.
func (s shell) run(t *testing.T, path, statements string) string {
	t.Helper()
	deadline := time.Now().Add(patience)
	for {
		printed, complaint := s.try(t, path, statements)
		if complaint == "" {
			return printed
		}
		if !locked.MatchString(complaint) || time.Now().After(deadline) {
			t.Fatalf("sqlite3 %q: %s", statements, complaint)
		}
	}
}

// session is a shell that stays open, as somebody's at a terminal does.
type session struct {
	command    *exec.Cmd
	input      io.WriteCloser
	lines      chan string // closed when the shell has ended
	mu         sync.Mutex
	complaints bytes.Buffer
}

// open opens a file in a shell of its own, which lives until it is closed or killed.
func (s shell) open(t *testing.T, path string) *session {
	t.Helper()
	one := &session{lines: make(chan string)}
	one.command = s.command(t, "-batch", "-cmd", ".timeout 10000", path)
	one.command.Stderr = one
	var err error
	one.input, err = one.command.StdinPipe()
	must(t, err)
	output, err := one.command.StdoutPipe()
	must(t, err)
	must(t, one.command.Start())
	go func() {
		defer close(one.lines)
		for scanner := bufio.NewScanner(output); scanner.Scan(); {
			one.lines <- scanner.Text()
		}
	}()
	return one
}

// Write takes what the shell complains of.
func (s *session) Write(text []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.complaints.Write(text)
}

// send types a line, and does not wait for its output.
func (s *session) send(t *testing.T, line string) {
	t.Helper()
	_, err := io.WriteString(s.input, line+"\n")
	must(t, err)
}

// ask types a line and returns its output.
func (s *session) ask(t *testing.T, line string) []string {
	t.Helper()
	const end = "that is all"
	s.send(t, line)
	s.send(t, ".print "+end)
	var printed []string
	for got := range s.lines {
		if got == end {
			return printed
		}
		printed = append(printed, got)
	}
	t.Fatalf("the shell has ended: %s", s.said())
	return nil
}

func (s *session) said() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.complaints.String()
}

// close ends the shell, which must have had nothing to complain of.
func (s *session) close(t *testing.T) {
	t.Helper()
	must(t, s.input.Close())
	s.wait()
	if said := s.said(); said != "" {
		t.Errorf("sqlite3: %s", said)
	}
}

// kill ends the shell as a crash would.
func (s *session) kill() {
	_ = s.command.Process.Kill() // it may have ended
	s.wait()
}

func (s *session) wait() {
	for range s.lines {
		continue // what it has left to say
	}
	_ = s.command.Wait() // that it was killed, or has complained
}
