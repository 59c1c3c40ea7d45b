package bench

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// BenchmarkRecordCommand is the memory of the program, built as it ships, while it records: its
// peak over five seconds of loopback.
func BenchmarkRecordCommand(b *testing.B) {
	program := filepath.Join(b.TempDir(), "wanstore")
	build := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", program,
		"../../cmd/wanstore")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if output, err := build.CombinedOutput(); err != nil {
		b.Fatalf("go build: %v: %s", err, output)
	}
	for b.Loop() {
		command := exec.Command(program, "record", "--for", "5s", "--target", "127.0.0.1",
			"--db", filepath.Join(b.TempDir(), "metrics.db"))
		var output strings.Builder
		command.Stdout, command.Stderr = &output, &output
		if err := command.Start(); err != nil {
			b.Fatal(err)
		}
		time.Sleep(4 * time.Second)
		peak := peakMemory(command.Process.Pid)
		if err := command.Wait(); err != nil {
			b.Skipf("record does not run here: %v: %s", err, output.String())
		}
		b.ReportMetric(peak, "MiB-resident")
	}
}

// peakMemory is VmHWM of a process in MiB. The kernel's account of a child that has ended counts
// what its parent had when it was started.
func peakMemory(pid int) (mebibytes float64) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		var kibibytes float64
		if _, err := fmt.Sscanf(line, "VmHWM: %f kB", &kibibytes); err == nil {
			return kibibytes / 1024
		}
	}
	return 0
}
