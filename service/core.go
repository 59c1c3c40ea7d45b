package service

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"sync"
	"sync/atomic"

	"github.com/wanstore/wanstore/repo"
)

// core is the one writer of a file in this process; every Writer of the file is a hold on it. Its
// goroutine, in loop.go, owns the file. Everything else here is what producers need.
type core struct {
	config  Config
	options Options
	log     *slog.Logger
	file    atomic.Pointer[fs.FileInfo] // which file this is, for the registry
	users   int                         // guarded by the registry

	queue *queue
	work  chan func(*loop) // run by the goroutine between two commits
	stats stats

	mu       sync.Mutex // guards the names below
	metrics  catalogue
	own      catalogue // what users have declared themselves, which has to agree with the file
	resolved map[repo.Key]*Series

	endOnce sync.Once
	ending  chan struct{} // closed when the last user has closed
	ended   chan struct{} // closed when the goroutine has

	// Set before ending is closed: how long the end may take, and whether it rolls up what is due.
	endCtx    context.Context //nolint:containedctx // of the call that closes
	endRollUp bool
	endErr    error // set before ended is closed
}

func openCore(ctx context.Context, config Config, options Options) (*core, error) {
	metrics, err := catalogue{}.with(append(Metrics(), options.Metrics...))
	if err != nil {
		return nil, err
	}
	own, err := catalogue{}.with(options.Metrics)
	if err != nil {
		return nil, err
	}
	store, err := repo.OpenWriterWithProgress(
		ctx, config.DBPath, repo.Synchronous(config.Synchronous), options.progress(config.DBPath),
	)
	if err != nil {
		return nil, err
	}
	config.DBPath = store.Path()
	c := &core{
		config:   config,
		options:  options,
		log:      options.Logger.With("db", config.DBPath),
		queue:    newQueue(config.QueueSize, config.CommitSamples),
		work:     make(chan func(*loop)),
		metrics:  metrics,
		own:      own,
		resolved: map[repo.Key]*Series{},
		ending:   make(chan struct{}),
		ended:    make(chan struct{}),
	}
	l := newLoop(c, store)
	if err := l.prepareSound(ctx); err != nil {
		return nil, errors.Join(err, store.Close())
	}
	c.stats.begin()
	l.begin()
	go l.run()
	return c, nil
}

// handle returns the handle of a series, a new one if there is none. The caller holds the lock.
func (c *core) handle(key repo.Key) *Series {
	if known, ok := c.resolved[key]; ok {
		return known
	}
	s := &Series{stored: &repo.Series{Key: key}, owner: c}
	c.inform(s)
	c.resolved[key] = s
	return s
}

// inform tells a handle what is known of its metric. The caller holds the lock.
func (c *core) inform(s *Series) {
	name := s.stored.Key.MetricName
	_, own := c.own[name]
	s.stored.Aggregation, s.stored.Lenient = repo.Aggregation(c.metrics[name].Aggregation), !own
}

// join lets a second user in: its metrics are declared and its ages set, the rest stays as the
// first user has it.
func (c *core) join(ctx context.Context, config Config, options Options) error {
	if err := c.declare(ctx, options.Metrics); err != nil {
		return err
	}
	if config.ages() != (repo.Ages{}) {
		err := c.do(ctx, func(ctx context.Context, l *loop) error {
			return l.setAges(ctx, config.ages())
		})
		if err != nil {
			return err
		}
	}
	rest := c.config // but for the path and the ages
	rest.DBPath, rest.RetentionDays = config.DBPath, config.RetentionDays
	rest.KeepRaw, rest.Keep1m, rest.Keep5m = config.KeepRaw, config.Keep1m, config.Keep5m
	if config != rest {
		c.log.Warn("the file is open already: of the settings the first user's hold")
	}
	return nil
}

// series returns the handle of a series, the same one for the same names and labels.
func (c *core) series(metric, wan string, labels Labels) (*Series, error) {
	if err := errors.Join(checkMetricName(metric), checkWANName(wan)); err != nil {
		return nil, err
	}
	canonical, err := labels.canonical()
	if err != nil {
		return nil, err
	}
	key := repo.Key{MetricName: metric, WANName: wan, Labels: canonical}
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, known := c.resolved[key]; !known && len(c.resolved) >= c.config.MaxSeries {
		return nil, errTooManyHandles(c.config.MaxSeries)
	}
	return c.handle(key), nil
}

// do runs f in the goroutine that owns the file, between two commits, and waits for it. When ctx is
// done it stops waiting; f has then run, or runs to its end, or never begins.
func (c *core) do(ctx context.Context, f func(context.Context, *loop) error) error {
	result := make(chan error, 1)
	if err := c.submit(ctx, func(l *loop) {
		l.follow()
		result <- f(context.WithoutCancel(ctx), l)
	}); err != nil {
		return err
	}
	select {
	case err := <-result:
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// submit hands work to the goroutine.
func (c *core) submit(ctx context.Context, work func(*loop)) error {
	select {
	case c.work <- work:
		return nil
	case <-c.ending:
		return ErrClosed
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// flush waits until everything that is in the queue has been committed.
func (c *core) flush(ctx context.Context) error {
	mark := newWaiter(1)
	dropped := c.queue.state().dropped
	entryAt := func(int) entry { return entry{waiter: mark, dropped: dropped} }
	if err := c.queue.submit(ctx, 1, entryAt); err != nil {
		return err
	}
	return mark.wait(ctx)
}

// end lets the goroutine finish, and waits for it until ctx is done.
func (c *core) end(ctx context.Context, rollUp bool) error {
	c.endOnce.Do(func() {
		c.endCtx, c.endRollUp = ctx, rollUp
		c.queue.close()
		close(c.ending)
	})
	return c.waitEnd(ctx)
}

func (c *core) waitEnd(ctx context.Context) error {
	select {
	case <-c.ended:
		return c.endErr
	case <-ctx.Done():
		return fmt.Errorf("close %s: %w", c.config.DBPath, context.Cause(ctx))
	}
}

// latest is the moment after which a sample is too far ahead of the clock.
func (c *core) latest() repo.Micros { return repo.MicrosOf(c.options.Now().Add(MaxAhead)) }
