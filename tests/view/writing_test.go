package view

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/service"
)

// While samples come in and old ones move from tier to tier, every moment is seen once: of what is
// over, the number of samples stays what it is.
func TestWhileWriting(t *testing.T) {
	s := findShell(t)
	w := newWorld(t)
	w.fill(t)
	q := question{sql: fmt.Sprintf("SELECT sum(count), count(*) = count(DISTINCT id) FROM metrics "+
		"WHERE timestamp < %d",
		now.Truncate(time.Hour).Unix())}
	q.want = filetest.Query(t, w.path, q.sql)

	moved := make(chan error, 1)
	go func() { moved <- w.moveOn(t.Context(), 2*time.Hour) }()
	for moving := true; moving; {
		select {
		case err := <-moved:
			if err != nil {
				t.Fatal(err)
			}
			moving = false
		default:
		}
		compare(t, q, s.ask(t, w.path, q.sql, "-readonly"))
		compare(t, q, filetest.Query(t, w.path, q.sql))
	}
}

// moveOn lets time pass minute by minute, with samples and maintenance.
func (w *world) moveOn(ctx context.Context, d time.Duration) error {
	var series []*service.Series
	for _, one := range recorded {
		handle, err := w.writer.Series(one.metric, one.wan, one.labels)
		if err != nil {
			return err
		}
		series = append(series, handle)
	}
	for range d / time.Minute {
		at := time.UnixMicro(w.micros.Add(time.Minute.Microseconds()))
		var samples []service.Sample
		for i, handle := range series {
			samples = append(samples, service.Sample{Series: handle, Time: at, Value: float64(i)})
		}
		if err := w.writer.Write(ctx, samples...); err != nil {
			return err
		}
		if _, err := w.writer.Maintain(ctx); err != nil {
			return err
		}
	}
	return nil
}
