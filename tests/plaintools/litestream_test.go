package plaintools

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/wanstore/wanstore/service"
)

// litestreamVariable names the program where it is not in the PATH.
const litestreamVariable = "WANSTORE_TEST_LITESTREAM"

func findLitestream(t *testing.T) string {
	t.Helper()
	name := os.Getenv(litestreamVariable)
	if name == "" {
		name = "litestream"
	}
	program, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("litestream is not there, and %s does not name it", litestreamVariable)
	}
	return program
}

// replication is a Litestream at work. The replica is a folder.
type replication struct {
	program, path, replica string

	command *exec.Cmd
	said    bytes.Buffer
}

// litestreamConfig has it copy and checkpoint often.
const litestreamConfig = `
dbs:
  - path: PATH
    monitor-interval: 20ms
    checkpoint-interval: 100ms
    min-checkpoint-page-count: 20
    replicas:
      - type: file
        path: REPLICA
        sync-interval: 20ms
`

func replicate(t *testing.T, path, replica string) *replication {
	t.Helper()
	r := &replication{program: findLitestream(t), path: path, replica: replica}
	config := filepath.Join(t.TempDir(), "litestream.yml")
	text := strings.NewReplacer("PATH", path, "REPLICA", replica).Replace(litestreamConfig)
	must(t, os.WriteFile(config, []byte(text), 0o600))
	r.command = exec.CommandContext(t.Context(), r.program, "replicate", "-config", config)
	r.command.Stdout, r.command.Stderr = &r.said, &r.said
	must(t, r.command.Start())
	return r
}

// awaitReplica waits until a restored replica has so many batches.
func (r *replication) awaitReplica(t *testing.T, batches int) {
	t.Helper()
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	ticker := time.NewTicker(20 * pace)
	defer ticker.Stop()
	for r.restored(t, filepath.Join(t.TempDir(), "restored.db")) < batches {
		select {
		case <-ticker.C:
		case <-deadline.C:
			t.Fatalf("the replica has not %d batches after %s", batches, patience)
		}
	}
}

// restored restores the replica, and returns how many batches it has.
func (r *replication) restored(t *testing.T, dest string) int {
	t.Helper()
	source := "file://" + r.replica
	restore := exec.CommandContext(t.Context(), r.program, "restore", "-o", dest, source)
	if err := restore.Run(); err != nil {
		return -1 // there is no snapshot yet
	}
	h, err := service.OpenHistory(t.Context(), dest)
	must(t, err)
	defer h.Close()
	return batchesIn(t, h)
}

func (r *replication) stop(t *testing.T, signal os.Signal) {
	t.Helper()
	must(t, r.command.Process.Signal(signal))
	_ = r.command.Wait() // that it was killed
	if t.Failed() {
		t.Log(r.said.String())
	}
}

// Litestream replicates a history while it is recorded, is killed and started again. What it
// restores is a history.
func TestLitestream(t *testing.T) {
	findLitestream(t)
	w := beside(t)
	replica := filepath.Join(t.TempDir(), "replica")
	for _, signal := range []os.Signal{os.Kill, os.Interrupt} {
		r := replicate(t, w.path, replica)
		_, least := w.batches()
		r.awaitReplica(t, least)
		w.recorder.await(t, 5*maintainEvery)
		r.stop(t, signal)
		w.copy(t, func(path string) {
			r.restored(t, path)
		})
		w.copies[len(w.copies)-1].least = least
	}
	w.finish(t)
}
