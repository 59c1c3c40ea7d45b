package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/wanstore/wanstore/internal/filetest"
)

// program returns the command line of this program, as a process of its own.
func program(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), exe)
	cmd.Args = append([]string{"wanstore"}, args...)
	return cmd
}

// output runs the program to its end and returns what it says.
func output(t *testing.T, args ...string) []byte {
	t.Helper()
	cmd := program(t, args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %v\n%s", args, err, stderr.String())
	}
	return out
}

// Whatever stops the recorder, what it says it has stored is in the file, and nothing that it
// recorded is missing.
func TestRecordStops(t *testing.T) {
	if err := icmpError(); err != nil {
		t.Skipf("this process may not send ICMP echoes: %v", err)
	}
	filetest.HearHangups(t)
	for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
		t.Run(signal.String(), func(t *testing.T) {
			db := filepath.Join(t.TempDir(), "wan.db")
			cmd := program(t, "record", "--target", "127.0.0.1", "--interval", "5ms", "--json", "--db", db)
			var stdout bytes.Buffer
			cmd.Stdout = &stdout
			stderr, err := cmd.StderrPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			talk := bufio.NewReader(stderr)
			if first, err := talk.ReadString('\n'); !strings.HasPrefix(first, "recording 127.0.0.1") {
				t.Errorf("it begins with %q, %v", first, err)
			}
			waitForSamples(t, db) // past a commit, and into the next one
			if err := cmd.Process.Signal(signal); err != nil {
				t.Error(err)
			}
			rest, err := io.ReadAll(talk)
			if err != nil || len(rest) > 0 {
				t.Errorf("it says %q, %v", rest, err)
			}
			if err := cmd.Wait(); err != nil {
				t.Fatal(err)
			}
			checkRecorded(t, db, stdout.Bytes())
		})
	}
}

// waitForSamples waits until something has been committed. Each look takes a process, which is time
// enough between two.
func waitForSamples(t *testing.T, db string) {
	t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		text := output(t, "history", "--last", "1h", "--limit", "1", "--json", "--db", db)
		if bytes.Contains(text, []byte("value")) {
			return
		}
	}
	t.Error("nothing has been committed within " + patience.String())
}

func checkRecorded(t *testing.T, db string, report []byte) {
	t.Helper()
	var summary recordSummary
	if err := json.Unmarshal(report, &summary); err != nil {
		t.Fatalf("%v\n%s", err, report)
	}
	samples := summary.Samples
	if samples.Accepted == 0 || samples.Accepted != samples.Recorded ||
		samples.Dropped+samples.Refused > 0 {
		t.Errorf("samples: %+v", samples)
	}
	if summary.RTT == nil || summary.Echoes.Received == 0 || summary.Cycles == 0 ||
		summary.FileBytes == 0 {
		t.Errorf("%s", report)
	}
	var points []pointRow
	shown := output(t, "history", "--last", "1h", "--json", "--db", db)
	if err := json.Unmarshal(shown, &points); err != nil {
		t.Fatal(err)
	}
	var stored int64
	for _, p := range points {
		stored += p.Count
	}
	if stored != samples.Accepted {
		t.Errorf("%d samples are in the file, it says %d", stored, samples.Accepted)
	}
	var status fileStatus
	if err := json.Unmarshal(output(t, "status", "--json", "--db", db), &status); err != nil {
		t.Fatal(err)
	}
	if status.Check != checkPassed || status.Series != 8 {
		t.Errorf("%+v", status)
	}
}

// A reader that has seen enough is no failure, and nothing is said about it.
func TestBrokenPipe(t *testing.T) {
	dir := t.TempDir()
	db, rows := filepath.Join(dir, "wan.db"), filepath.Join(dir, "rows.csv")
	var text strings.Builder
	text.WriteString("timestamp_ms,wan,metric,labels_json,value\n")
	begin := time.Date(2025, time.January, 30, 10, 0, 0, 0, time.UTC)
	for i := range 20_000 {
		text.WriteString(number(begin.Add(time.Duration(i)*50*time.Millisecond).UnixMilli()) +
			",w,m,{},1\n")
	}
	if err := os.WriteFile(rows, []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	output(t, "import", "--db", db, "--now", "2025-01-30T10:30:00Z", rows)

	for _, format := range []string{formatTable, formatJSON, formatCSV} {
		t.Run(format, func(t *testing.T) {
			cmd := program(t, "history", "--db", db, "--from", "2025-01-30", "--format", format)
			var stderr bytes.Buffer
			cmd.Stderr = &stderr
			stdout, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			if _, err := bufio.NewReaderSize(stdout, 16).ReadString('\n'); err != nil {
				t.Error(err)
			}
			if err := stdout.Close(); err != nil {
				t.Error(err)
			}
			if err := cmd.Wait(); err != nil || stderr.Len() > 0 {
				t.Errorf("%v, and it says %q", err, stderr.String())
			}
		})
	}
}
