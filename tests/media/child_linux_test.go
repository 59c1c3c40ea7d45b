package media

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/wanstore/wanstore/service"
)

// children are what a process of its own does with the history at a path.
var children = map[string]func(path string) error{
	"life":    live,
	"record":  record,
	"count":   printCount,
	"salvage": salvage,
}

// child is the test binary as such a process, run by the command before it if there is one.
func child(t *testing.T, what, path string, before ...string) *exec.Cmd {
	t.Helper()
	before = append(before, os.Args[0])
	cmd := exec.CommandContext(t.Context(), before[0], before[1:]...)
	cmd.Env = append(os.Environ(), childVariable+"="+what, pathVariable+"="+path)
	return cmd
}

// live does with a history all that names files: it makes one, backs it up, finds it damaged and
// goes on in a new one.
func live(path string) error {
	ctx := context.Background()
	if err := write(ctx, path, 1); err != nil {
		return err
	}
	if err := backUp(ctx, path, path+".backup"); err != nil {
		return err
	}
	if err := os.Truncate(path, 1000); err != nil {
		return err
	}
	if err := write(ctx, path, 2); err != nil {
		return err
	}
	moved, err := service.Quarantined(path)
	if err == nil && len(moved) != 1 {
		err = fmt.Errorf("moved aside are %v, want one file", moved)
	}
	return err
}

// write records one sample, with each commit on the disk, and maintains the file.
func write(ctx context.Context, path string, value float64) (err error) {
	w, err := service.OpenWriter(ctx, service.Config{DBPath: path, Synchronous: "FULL"},
		service.Options{NoMaintenance: true, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.Close(ctx)) }()
	s, err := w.Series("metric", filepath.Base(path), nil)
	if err != nil {
		return err
	}
	if err := w.Write(ctx, service.Sample{Series: s, Time: time.Now(), Value: value}); err != nil {
		return err
	}
	_, err = w.Maintain(ctx)
	return err
}

func backUp(ctx context.Context, path, dest string) error {
	h, err := service.OpenHistory(ctx, path)
	if err != nil {
		return err
	}
	_, err = h.Backup(ctx, dest)
	return errors.Join(err, h.Close())
}
