package service_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/service"
)

// crowd is everybody at one file at once. What goes wrong is collected.
type crowd struct {
	t       *testing.T
	writer  *service.Writer
	history *service.History
	start   time.Time
	wg      sync.WaitGroup
}

// do does something n times beside everything else.
func (c *crowd) do(n int, f func(i int) error) {
	c.wg.Go(func() {
		for i := range n {
			if err := f(i); err != nil {
				c.t.Error(err)
				return
			}
		}
	})
}

// samples returns some of a series that nobody else records, over the last hours: some are late,
// some are not.
func (c *crowd) samples(s *service.Series, round, n int) []service.Sample {
	samples := make([]service.Sample, n)
	for i := range samples {
		k := round*n + i
		age := time.Duration(k%150) * time.Minute
		samples[i] = service.Sample{Series: s,
			Time: c.start.Add(-age - time.Duration(k)*time.Millisecond), Value: float64(k % 4)}
	}
	return samples
}

func (c *crowd) query() service.Query {
	return service.Query{From: c.start.Add(-24 * time.Hour), Until: c.start.Add(time.Hour),
		Step: time.Minute}
}

func (c *crowd) readAll() {
	ctx := c.t.Context()
	c.do(10, func(int) error {
		for _, err := range c.history.Range(ctx, c.query()) {
			if err != nil {
				return err
			}
		}
		return nil
	})
	c.do(30, func(i int) error {
		for _, err := range c.history.Range(ctx, c.query()) {
			if err != nil || i == 0 {
				return err
			}
			i--
		}
		return nil
	})
	c.do(10, func(int) error {
		list, err := c.history.Summarize(ctx, c.query())
		for _, one := range list {
			if one.Count <= 0 || one.Min < 0 || one.Max > 3 {
				return errors.New("a summary of what nobody recorded")
			}
		}
		return err
	})
	c.do(20, func(int) error {
		_, err := c.history.Latest(ctx, service.Filter{})
		return err
	})
	c.do(5, func(int) error {
		_, err := c.history.Status(ctx)
		return err
	})
	c.do(50, func(int) error {
		status := c.writer.Status()
		return errors.Join(status.LastError, status.LastPass.Err)
	})
}

// Everybody at once disturbs nobody, and in the end every sample that was accepted counts once.
func TestEverybodyAtOnce(t *testing.T) {
	path := filetest.Path(t)
	w := open(t,
		service.Config{DBPath: path, KeepRaw: 30 * time.Minute, CommitInterval: 5 * time.Millisecond},
		quiet())
	c := &crowd{t: t, writer: w, history: history(t, path), start: time.Now()}
	const callers, rounds, size = 3, 40, 25
	for caller := range callers {
		recorded := series(t, w, service.RTT, "recorded",
			service.Labels{"caller": string(rune('a' + caller))})
		written := series(t, w, service.State, "written",
			service.Labels{"caller": string(rune('a' + caller))})
		c.do(rounds, func(i int) error {
			w.Record(c.samples(recorded, i, size)...)
			return nil
		})
		c.do(rounds, func(i int) error { return w.Write(t.Context(), c.samples(written, i, size)...) })
	}
	c.do(10, func(int) error { return w.Flush(t.Context()) })
	c.do(8, func(int) error {
		_, err := w.Maintain(t.Context())
		return err
	})
	c.readAll()
	c.wg.Wait()
	must(t, w.Flush(t.Context()))
	countsOnce(t, c, 2*callers, rounds*size)
	_, err := w.Maintain(t.Context())
	must(t, err)
	countsOnce(t, c, 2*callers, rounds*size)
	status := w.Status()
	if status.Accepted != 2*callers*rounds*size || status.Duplicate != 0 ||
		status.Refused.Total() != 0 ||
		status.Dropped != (service.Dropped{}) {
		t.Errorf("%d accepted, %d duplicate, %+v refused, %+v dropped; want all accepted",
			status.Accepted, status.Duplicate, status.Refused, status.Dropped)
	}
}

func countsOnce(t *testing.T, c *crowd, series int, each int64) {
	t.Helper()
	query := c.query()
	query.Step = 0
	list, err := c.history.Summarize(t.Context(), query)
	must(t, err)
	if len(list) != series {
		t.Errorf("%d series, want %d", len(list), series)
	}
	for _, one := range list {
		if one.Count != each {
			t.Errorf("%d samples of %s %s %v, want %d", one.Count, one.Metric, one.WAN, one.Labels, each)
		}
	}
}
