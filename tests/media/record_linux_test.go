package media

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/wanstore/wanstore/service"
)

// record records the numbers from 1 on, until it is killed, and says each one that is accepted.
// What is there already has the first of them.
func record(path string) error {
	ctx := context.Background()
	w, s, err := openSeries(ctx, path, time.Now)
	if err != nil {
		return err
	}
	n, err := countSamples(ctx, path)
	for err == nil {
		n++
		err = w.Write(ctx, service.Sample{Series: s, Time: time.Now(), Value: float64(n)})
		if err == nil {
			_, err = fmt.Fprintln(os.Stdout, n)
		}
		if err == nil && n%10 == 0 {
			_, err = w.Maintain(ctx)
		}
	}
	return errors.Join(err, w.Close(ctx))
}

func openSeries(
	ctx context.Context, path string, now func() time.Time,
) (*service.Writer, *service.Series, error) {
	w, err := service.OpenWriter(ctx, service.Config{DBPath: path, Synchronous: "FULL"},
		service.Options{NoMaintenance: true, Now: now, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return nil, nil, err
	}
	s, err := w.Series(service.RTT, "cable", nil)
	return w, s, err
}

// printCount prints what countSamples returns.
func printCount(path string) error {
	n, err := countSamples(context.Background(), path)
	if err == nil {
		_, err = fmt.Fprintln(os.Stdout, n)
	}
	return err
}

// countSamples returns how many samples a history has. They are the numbers from 1 on, each once.
func countSamples(ctx context.Context, path string) (n int, err error) {
	h, err := service.OpenHistory(ctx, path)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, h.Close()) }()
	for point, err := range h.Range(ctx,
		service.Query{From: time.Unix(0, 0), Until: time.Now().Add(time.Hour)}) {
		if err != nil {
			return 0, err
		}
		if n++; point.Value != float64(n) || point.Count != 1 {
			return 0, fmt.Errorf("%v times %v, want %d once", point.Count, point.Value, n)
		}
	}
	status, err := h.Status(ctx)
	if err == nil && status.Check != "ok" {
		err = fmt.Errorf("the status says %s", status.Check)
	}
	return n, err
}

// salvage goes on with what a recorder has left, backs it up, finds it damaged, goes on in a new
// history and brings everything back.
func salvage(path string) error {
	ctx := context.Background()
	if err := maintain(ctx, path); err != nil {
		return err
	}
	n, err := countSamples(ctx, path)
	if err != nil {
		return err
	}
	if err := backUp(ctx, path, path+".backup"); err != nil {
		return err
	}
	if err := wantSamples(ctx, path+".backup", n); err != nil {
		return err
	}
	if err := damage(path); err != nil {
		return err
	}
	later := func() time.Time { return time.Now().Add(10 * time.Minute) }
	w, s, err := openSeries(ctx, path, later)
	if err != nil {
		return err
	}
	err = w.Write(ctx, service.Sample{Series: s, Time: time.Now(), Value: float64(n + 1)})
	if err == nil {
		err = salvageInto(ctx, w)
	}
	if err := errors.Join(err, w.Close(ctx)); err != nil {
		return err
	}
	return wantSamples(ctx, path, n+1)
}

func maintain(ctx context.Context, path string) error {
	w, _, err := openSeries(ctx, path, time.Now)
	if err != nil {
		return err
	}
	_, err = w.Maintain(ctx)
	return errors.Join(err, w.Close(ctx))
}

func wantSamples(ctx context.Context, path string, want int) error {
	n, err := countSamples(ctx, path)
	if err == nil && n != want {
		err = fmt.Errorf("%d samples in %s, want %d", n, path, want)
	}
	return err
}

// damage makes the first page of a history unreadable.
func damage(path string) error {
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	_, err = file.WriteAt(make([]byte, 100), 0)
	return errors.Join(err, file.Close())
}

// salvageInto brings back what is in the one damaged file beside a history.
func salvageInto(ctx context.Context, w *service.Writer) (err error) {
	moved, err := service.Quarantined(w.Path())
	if err != nil {
		return err
	}
	if len(moved) != 1 {
		return fmt.Errorf("moved aside are %v, want one file", moved)
	}
	if _, err := w.Maintain(ctx); err != nil {
		return err
	}
	prepared, err := service.PrepareSalvage(ctx, moved[0], w.Path())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, prepared.Close()) }()
	return w.Salvage(ctx, prepared)
}
