package bench

import (
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

// BenchmarkRecordCommand is the memory of the program while it records: its peak over five seconds of loopback.
func BenchmarkRecordCommand(b *testing.B) {
	program := filepath.Join(b.TempDir(), "wanstore")
	if output, err := exec.Command("go", "build", "-o", program, "../../cmd/wanstore").CombinedOutput(); err != nil {
		b.Fatalf("go build: %v: %s", err, output)
	}
	for b.Loop() {
		command := exec.Command(program, "record", "--for", "5s", "--target", "127.0.0.1",
			"--db", filepath.Join(b.TempDir(), "metrics.db"))
		if output, err := command.CombinedOutput(); err != nil {
			b.Skipf("record does not run here: %v: %s", err, output)
		}
		usage, ok := command.ProcessState.SysUsage().(*syscall.Rusage)
		if !ok {
			b.Skip("no resource usage on this system")
		}
		b.ReportMetric(float64(usage.Maxrss)/1024, "MiB-resident")
	}
}
