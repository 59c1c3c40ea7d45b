package service

import (
	"context"
	"fmt"

	"github.com/wanstore/wanstore/repo"
)

// prepareSound prepares the file, and a new one instead where damage is found with that, the second
// time for certain.
func (l *loop) prepareSound(ctx context.Context) error {
	l.announce()
	err := l.prepare(ctx)
	for range 2 {
		if !repo.IsDamage(err) {
			break
		}
		if err := l.store.Renew(ctx, err); err != nil {
			return err
		}
		l.announce()
		err = l.prepare(ctx)
	}
	return err
}

// prepare brings file and configuration together.
func (l *loop) prepare(ctx context.Context) error {
	file, err := l.store.MetricAggregations(ctx)
	if err != nil {
		return err
	}
	if err := l.compare(file); err != nil {
		return fmt.Errorf("open %s: %w", l.config.DBPath, err)
	}
	if err := l.setAges(ctx, l.config.ages()); err != nil {
		return err
	}
	if err := l.describe(ctx, l.worthWriting(file)); err != nil {
		return err
	}
	if err := l.store.CapSize(ctx, int64(l.config.MaxSize)); err != nil {
		return err
	}
	if err := l.recognise(ctx); err != nil {
		return err
	}
	return l.identify()
}

// setAges writes the configured ages to the file and logs what changes.
func (l *loop) setAges(ctx context.Context, wish repo.Ages) error {
	before, after, err := l.store.SetAges(ctx, wish,
		func(ages repo.Ages) error { return checkAges(ages, wish) })
	if err != nil {
		return err
	}
	l.mending.ages = after
	for _, g := range repo.Granularities() {
		if before[g] != after[g] {
			l.log.Info("the file keeps a tier for another age now", "granularity", g.String(), "was",
				before[g], "is", after[g])
		}
	}
	return nil
}

// recognise makes the handles of all series that are in the file: a file at its limit has room for
// those whatever new names are asked for first.
func (l *loop) recognise(ctx context.Context) error {
	keys, err := l.store.Keys(ctx)
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, key := range keys {
		l.handle(key)
	}
	return nil
}
