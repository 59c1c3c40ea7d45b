package plaintools

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/wanstore/wanstore/service"
)

// everything is a range that has all there is.
func everything() service.Query {
	return service.Query{From: begin.AddDate(0, 0, -2), Until: begin.AddDate(0, 0, 7)}
}

// reader asks again and again while others write: it sees all that was accepted before, and is told
// of nothing.
type reader struct {
	path     string
	progress func() (tried, acked int)
	asked    int

	stopping chan struct{}
	done     chan error
}

func startReader(ctx context.Context, path string, progress func() (int, int)) *reader {
	r := &reader{path: path, progress: progress}
	r.stopping, r.done = make(chan struct{}), make(chan error, 1)
	go func() { r.done <- r.run(ctx) }()
	return r
}

// stop ends the reader and returns what went wrong.
func (r *reader) stop() error {
	close(r.stopping)
	return <-r.done
}

// run asks one open history several times, then another one: tools change what a connection knows
// of the schema.
func (r *reader) run(ctx context.Context) error {
	ticker := time.NewTicker(2 * pace)
	defer ticker.Stop()
	for {
		h, err := service.OpenHistory(ctx, r.path)
		if err != nil {
			return fmt.Errorf("a reader: %w", err)
		}
		more, err := r.askSeveral(ctx, h, ticker)
		if err := errors.Join(err, h.Close()); err != nil || !more {
			return err
		}
	}
}

func (r *reader) askSeveral(
	ctx context.Context, h *service.History, ticker *time.Ticker,
) (more bool, err error) {
	for range 8 {
		if err := r.ask(ctx, h); err != nil {
			return false, fmt.Errorf("a reader, asking for the %dth time: %w", r.asked, err)
		}
		select {
		case <-r.stopping:
			return false, nil
		case <-ticker.C:
		}
	}
	return true, nil
}

// ask compares the number of samples with what was accepted before and begun after.
func (r *reader) ask(ctx context.Context, h *service.History) error {
	r.asked++
	_, before := r.progress()
	query := everything()
	query.Step = []time.Duration{0, 0, time.Minute, time.Hour}[r.asked%4]
	got := int64(0)
	for point, err := range h.Range(ctx, query) {
		if err != nil {
			return err
		}
		if recordedWAN(point.WAN) {
			got += point.Count
		}
	}
	after, _ := r.progress()
	if least, most := recordedSamples(before), recordedSamples(after); got < least || got > most {
		return fmt.Errorf("it sees %d samples, want %d to %d", got, least, most)
	}
	problems, err := h.Health(ctx)
	if err == nil && len(problems) > 0 {
		err = fmt.Errorf("health: %v", problems)
	}
	return err
}

// recordedSamples is how many samples of WANs that no hand changes a file has with so many batches.
func recordedSamples(batches int) int64 {
	late := (batches + 4) / 5 // those that have late samples, too
	return recordedIn.past + int64(late)*recordedIn.late + int64(batches-late)*recordedIn.other
}

// recordedIn is how many of them are in what is before begin and in each kind of batch.
var recordedIn = struct{ past, late, other int64 }{
	recordedOf(past()), recordedOf(plan(0)), recordedOf(plan(1)),
}

func recordedOf(list []planned) int64 {
	n := int64(0)
	for _, p := range list {
		if recordedWAN(p.wan) {
			n++
		}
	}
	return n
}
