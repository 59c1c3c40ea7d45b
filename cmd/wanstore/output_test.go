package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Output that cannot be written is an error of every command, and is told of once.
func TestFullDisk(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skipf("no device is full here: %v", err)
	}
	defer full.Close()
	dir := t.TempDir()
	db, rows := filepath.Join(dir, "wan.db"), filepath.Join(dir, "rows.csv")
	text := "timestamp_ms,wan,metric,labels_json,value\n1738231200000,w,wanctl_rtt_ms,{},1\n"
	if err := os.WriteFile(rows, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	output(t, "import", "--db", db, "--now", "2025-01-30T10:30:00Z", rows)

	for _, line := range []string{
		"", "--help", "help", "help env", "help record", "env", "history --help",
		"--version", "version", "version --json",
		"completion bash", "completion zsh", "completion fish", "completion powershell",
		"__complete history --format=",
		"history --from 2025-01-30", "history --from 2025-01-30 --json",
		"history --from 2025-01-30 --format csv", "history --from 2025-01-30 --summary",
		"history --from 2025-01-30 --to 2025-01-31 --plot",
		"status", "status --json", "export", "export --format jsonl",
		"maintain --now 2025-01-30T10:30:00Z", "backup " + filepath.Join(dir, "copy.db"),
		"salvage --dry-run " + db, "import --now 2025-01-30T10:30:00Z " + rows,
		"serve --json --listen 127.0.0.1:0",
		"record --json --listen 127.0.0.1:0 --target 127.0.0.1 --probe tcp:9 --for 100ms",
	} {
		t.Run(line, func(t *testing.T) {
			cmd := program(t, strings.Fields(line)...)
			cmd.Env = append(os.Environ(), "WANCTL_STORAGE_DB_PATH="+db)
			if strings.HasPrefix(line, "salvage") {
				cmd.Env = nil
			}
			var stderr bytes.Buffer
			cmd.Stdout, cmd.Stderr = full, &stderr
			exit := (*exec.ExitError)(nil)
			if err := cmd.Run(); !errors.As(err, &exit) || exit.ExitCode() != exitFailure {
				t.Errorf("it ends with %v", err)
			}
			if strings.Count(stderr.String(), "no space left on device") != 1 {
				t.Errorf("it says %q", stderr.String())
			}
		})
	}
}
