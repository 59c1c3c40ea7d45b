package processes

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync/atomic"
	"time"

	"github.com/wanstore/wanstore/repo"
	"github.com/wanstore/wanstore/service"
)

// orders say what a child does.
type orders struct {
	Path    string
	Child   int
	First   int           // its first batch
	Batches int           // how many
	KeepRaw time.Duration // ages are counted by the clock of the batches
	// MaintainEvery is after how many batches it does a pass of maintenance, beside those that the
	// writer does by itself.
	MaintainEvery int
	Synchronous   string
	// something damages the file meanwhile, which a child may say of anything but its samples
	Damaged  bool
	BackUpTo string // if there is one, all that it does is back up to it, again and again
	Open     bool   // all that it does is to open the file, and to close it
	Folder   string // that it is started in
	Mount    mount  // that it makes first
}

// report is a line that a child writes to its parent.
type report struct {
	Opened int64 // microseconds that opening the file took
	Try    int   // the batch that it is about to write, counted from 1
	Ack    int   // the batch that Write has accepted

	Maintaining, Closing, BackingUp bool // what it is about to do

	OtherName bool // the file is open under another name, and the child has nothing to do

	Done                bool
	Accepted, Duplicate int64
}

// obey is the life of a child.
func obey(text string) error {
	var o orders
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		return err
	}
	if o.Mount != (mount{}) {
		if err := o.Mount.make(); err != nil {
			return err
		}
	}
	ctx := context.Background()
	if o.BackUpTo != "" {
		return o.backUp(ctx)
	}
	if o.Open {
		return o.open(ctx)
	}
	batch := atomic.Int64{}
	batch.Store(int64(o.First))
	start := time.Now()
	w, err := service.OpenWriter(ctx, o.config(), service.Options{
		Logger:     slog.New(slog.DiscardHandler),
		Now:        func() time.Time { return clock(int(batch.Load())) },
		TrustClock: true,
	})
	if errors.Is(err, service.ErrOtherName) {
		return tell(report{OtherName: true})
	}
	if err != nil {
		return err
	}
	if err := tell(report{Opened: time.Since(start).Microseconds()}); err != nil {
		return err
	}
	for i := o.First; i < o.First+o.Batches; i++ {
		batch.Store(int64(i))
		if err := o.write(ctx, w, i); err != nil {
			return err
		}
	}
	if err := tell(report{Closing: true}); err != nil {
		return err
	}
	if err := w.Close(ctx); err != nil && !o.tolerates(err) {
		return err
	}
	s := w.Status()
	if n := s.Refused.Total(); n > 0 || s.LastError != nil && !o.tolerates(s.LastError) {
		return fmt.Errorf("%d samples were refused, the last error is %w", n, s.LastError)
	}
	return tell(report{Done: true, Accepted: s.Accepted, Duplicate: s.Duplicate})
}

// open opens the file, which may be one of an earlier version, and closes it.
func (o orders) open(ctx context.Context) error {
	start := time.Now()
	w, err := repo.OpenWriter(ctx, o.Path, repo.SynchronousNormal)
	if err != nil {
		return err
	}
	if err := tell(report{Opened: time.Since(start).Microseconds()}); err != nil {
		return err
	}
	return w.Close()
}

func (o orders) config() service.Config {
	return service.Config{
		DBPath:      o.Path,
		Synchronous: o.Synchronous,
		KeepRaw:     o.KeepRaw, Keep1m: 2 * time.Hour, Keep5m: 6 * time.Hour,
		CommitInterval:      5 * time.Millisecond,
		MaintenanceInterval: 20 * time.Millisecond,
	}
}

func (o orders) write(ctx context.Context, w *service.Writer, batch int) error {
	planned := plan(o.Child, batch)
	if o.Damaged {
		planned = inTime(o.Child, batch)
	}
	var samples []service.Sample
	for _, p := range planned {
		series, err := w.Series(p.metric, p.wan, nil)
		if err != nil {
			return err
		}
		samples = append(samples, service.Sample{Series: series, Time: p.at, Value: p.value})
	}
	if err := tell(report{Try: batch + 1}); err != nil {
		return err
	}
	err := w.Write(ctx, samples...)
	for tries := 1; o.tolerates(err) && tries < 20; tries++ {
		err = w.Write(ctx, samples...)
	}
	if err != nil {
		return err
	}
	if err := tell(report{Ack: batch + 1}); err != nil {
		return err
	}
	if batch%o.MaintainEvery != 0 {
		return nil
	}
	if err := tell(report{Maintaining: true}); err != nil {
		return err
	}
	if _, err := w.Maintain(ctx); err != nil && !o.tolerates(err) {
		return err
	}
	return nil
}

func (o orders) tolerates(err error) bool { return o.Damaged && errors.Is(err, service.ErrDamaged) }

// backUp makes one backup after the other under the same name.
func (o orders) backUp(ctx context.Context) error {
	h, err := service.OpenHistory(ctx, o.Path)
	if err != nil {
		return err
	}
	for {
		if err := tell(report{BackingUp: true}); err != nil {
			return err
		}
		if _, err := h.Backup(ctx, o.BackUpTo); err != nil {
			return err
		}
		if err := os.Remove(o.BackUpTo); err != nil {
			return err
		}
	}
}

// tell writes a line with a single system call: a kill leaves it whole or not written.
func tell(r report) error {
	line, err := json.Marshal(r)
	if err != nil {
		return err
	}
	_, err = os.Stdout.Write(append(line, '\n'))
	return err
}
