//go:build unix

package endtoend

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/service"
)

// nobody is a user who owns nothing.
const nobody = 65534

// publicFolder is a folder that every user may look into, which those of t.TempDir are not.
func publicFolder(t *testing.T) string {
	t.Helper()
	folder, err := os.MkdirTemp("", "wanstore") //nolint:usetesting // this is why
	if err == nil {
		err = os.Chmod(folder, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(folder); err != nil {
			t.Error(err)
		}
	})
	return folder
}

// A user who may read the file but not write it, nor its directory, reads it while its owner is
// writing.
func TestAnotherUserReadsWhileTheOwnerWrites(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("becoming another user takes root")
	}
	folder := publicFolder(t)
	program, db := build(t, folder), filepath.Join(folder, "history.db")
	t.Cleanup(func() {
		if err := filetest.Check(db); err != nil {
			t.Error(err)
		}
	})
	ctx := context.Background()
	if err := os.WriteFile(db, nil, 0o644); err != nil { // the WAL gets the permissions of the file
		t.Fatal(err)
	}
	writer, err := service.OpenWriter(ctx, service.Config{DBPath: db}, service.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := writer.Close(ctx); err != nil {
			t.Error(err)
		}
	}()
	rtt, err := writer.Series(service.RTT, "cable", nil)
	if err != nil {
		t.Fatal(err)
	}
	sample := service.Sample{Series: rtt, Time: time.Now(), Value: 23.4}
	if err := writer.Write(ctx, sample); err != nil {
		t.Fatal(err)
	}

	command := exec.Command(program, "history", "--last", "1m", "--json", "--db", db)
	command.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody,
		Gid: nobody}}
	command.Stderr = t.Output()
	output, err := command.Output()
	if err != nil {
		t.Fatalf("history as another user: %v", err)
	}
	var points []struct {
		Value float64 `json:"value"`
	}
	if err := json.Unmarshal(output, &points); err != nil {
		t.Fatalf("history %s: %v", output, err)
	}
	if len(points) != 1 || points[0].Value != 23.4 {
		t.Errorf("got %+v, want one point of 23.4", points)
	}
}

// Where nobody has the file open, somebody else's -wal and -shm would lock its owner out. So only a
// user who shares the file by its group may open it then, and a stranger leaves nothing behind,
// also where the directory is everybody's.
func TestAnotherUserDoesNotLockTheOwnerOut(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("becoming another user takes root")
	}
	const owner = 1001
	folder := publicFolder(t)
	program, db := build(t, folder), filepath.Join(folder, "history.db")
	writer, err := service.OpenWriter(t.Context(), service.Config{DBPath: db}, service.Options{})
	if err == nil {
		err = writer.Close(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, share := range []struct {
		group uint32
		mode  os.FileMode
		reads bool
	}{{owner, 0o666, false}, {nobody, 0o644, false}, {nobody, 0o660, true}} {
		err := errors.Join(os.Chown(db, owner, int(share.group)), os.Chmod(db, share.mode),
			os.Chmod(folder, 0o777))
		if err != nil {
			t.Fatal(err)
		}
		command := exec.Command(program, "status", "--db", db)
		command.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody,
			Gid: nobody}}
		output, err := command.CombinedOutput()
		if (err == nil) != share.reads {
			t.Errorf("group %d, mode %o: %v: %s", share.group, share.mode, err, output)
		}
		_, walErr := os.Stat(db + "-wal")
		_, shmErr := os.Stat(db + "-shm")
		if !share.reads && (walErr == nil || shmErr == nil) {
			t.Errorf("group %d, mode %o: it has left a -wal or a -shm behind", share.group, share.mode)
		}
	}
}
