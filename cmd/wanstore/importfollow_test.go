package main

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/wanstore/wanstore/importer"
	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/service"
)

// following is a run of --follow whose pauses the test ends.
type following struct {
	*importRun
	said  bytes.Buffer
	pause chan time.Time
	ended chan error
	end   context.CancelFunc
	taken chan struct{} // a pause has begun
}

func newFollowing(t *testing.T, files ...string) *following {
	t.Helper()
	writer, err := service.OpenWriter(t.Context(),
		service.Config{DBPath: filepath.Join(t.TempDir(), "history.db")},
		service.Options{Logger: slog.New(slog.DiscardHandler), NoMaintenance: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := writer.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	cmd, _, err := newRoot().Find([]string{"import"})
	if err != nil {
		t.Fatal(err)
	}
	f := &following{
		pause: make(chan time.Time), ended: make(chan error, 1), taken: make(chan struct{}),
	}
	cmd.SetErr(&f.said)
	f.importRun = (&importOptions{format: formatWanctl, follow: true}).newRun(cmd, writer, files)
	return f
}

// start makes the first import, and begins to follow.
func (f *following) start(t *testing.T) {
	t.Helper()
	if err := f.all(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	f.end = cancel
	go func() {
		f.ended <- f.goOn(ctx, func(time.Duration) <-chan time.Time {
			select {
			case f.taken <- struct{}{}:
			case <-ctx.Done():
			}
			return f.pause
		})
	}()
	<-f.taken
}

// next ends a pause, and waits for the next one.
func (f *following) next() {
	f.pause <- time.Now()
	<-f.taken
}

func rawRow(second int64, wan string) filetest.WanctlRow {
	return filetest.WanctlRow{Second: second, WAN: wan, Metric: service.RTT, Value: 1,
		Granularity: "raw"}
}

func (f *following) wantStored(t *testing.T, want ...int64) {
	t.Helper()
	for n, row := range f.rows() {
		if row.Stored != want[n] {
			t.Errorf("%s: %d rows stored, want %d", row.File, row.Stored, want[n])
		}
	}
}

// Following takes what is new in each of the files, goes on without one that is away for a while,
// and ends when it is told to.
func TestFollowing(t *testing.T) {
	first, second := filetest.NewWanctlDB(t), filetest.NewWanctlDB(t)
	start := time.Now().Unix() - 600
	first.Add(rawRow(start, "a"))
	second.Add(rawRow(start, "b"))
	f := newFollowing(t, first.Path, second.Path)
	f.start(t)
	first.Add(rawRow(start+1, "a"))
	f.next()
	away := first.Path + ".away"
	first.Close()
	if err := os.Rename(first.Path, away); err != nil {
		t.Fatal(err)
	}
	second.Add(rawRow(start+1, "b"), rawRow(start+2, "b"))
	f.next()
	f.next()
	if err := os.Rename(away, first.Path); err != nil {
		t.Fatal(err)
	}
	first.Open()
	first.Add(rawRow(start+2, "a"))
	f.next()
	f.end()
	if err := <-f.ended; err != nil {
		t.Error(err)
	}
	f.wantStored(t, 3, 3)
	said := f.said.String()
	if strings.Count(said, "the import failed, and is tried again") != 1 ||
		strings.Count(said, "imported again") != 1 {
		t.Errorf("it says %q, want once that it has failed and once that it goes on", said)
	}
}

// A bad row ends it, as it ends an import.
func TestFollowingEndsWithABadRow(t *testing.T) {
	db := filetest.NewWanctlDB(t)
	start := time.Now().Unix() - 600
	db.Add(rawRow(start, "a"))
	f := newFollowing(t, db.Path)
	f.start(t)
	db.Add(rawRow(start+1, ""))
	f.pause <- time.Now()
	var bad *importer.LineError
	if err := <-f.ended; !errors.As(err, &bad) || bad.Row != 2 {
		t.Errorf("got %v, want that row 2 is bad", err)
	}
	f.end()
}

func TestPauseOfFollowing(t *testing.T) {
	for kept, want := range map[time.Duration]time.Duration{
		0: 5 * time.Minute, time.Hour: 5 * time.Minute, 15 * time.Minute: 5 * time.Minute,
		6 * time.Minute: 2 * time.Minute, time.Second: 10 * time.Second,
	} {
		run := importRun{files: []*importFile{{}, {}}}
		run.files[1].result.Raw.Kept = kept
		if got := run.pause(); got != want {
			t.Errorf("raw rows kept for %s: %s between imports, want %s", kept, got, want)
		}
	}
}
