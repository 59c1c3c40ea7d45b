package service

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/wanstore/wanstore/repo"
)

// refusals are the reasons that callers match, by outcome.
var refusals = [repo.OutcomeCount]error{
	repo.RefusedValue:       ErrValue,
	repo.RefusedAhead:       ErrAhead,
	repo.RefusedOld:         ErrTooOld,
	repo.RefusedAggregation: ErrAggregation,
	repo.RefusedSeries:      ErrTooManySeries,
	repo.RefusedDamaged:     ErrSeriesDamaged,
}

// commit stores the oldest batch of the queue.
func (l *loop) commit() {
	l.stats.waits()
	err := l.commitBatch()
	if err != nil {
		l.failing = true
	}
	l.reportOverflow()
	waiting := l.queue.state().depth > 0
	if err == nil || !waiting {
		l.stats.waitsNoMore()
	}
	if waiting {
		l.arm()
	}
}

func (l *loop) commitBatch() error {
	l.entries = l.queue.take(l.entries[:0], l.config.batchLimit())
	l.samples = l.samples[:0]
	for _, e := range l.entries {
		if e.series != nil {
			l.samples = append(l.samples, repo.Sample{Series: e.series.stored, TS: e.ts, Value: e.value})
		}
	}
	if err := l.append(repo.Batch{Samples: l.samples, Latest: l.latest()}, l.outcomes); err != nil {
		l.giveBack(err)
		return err
	}
	l.settle()
	clear(l.entries) // it holds on to nobody's waiter
	l.checkpointIfDue()
	return nil
}

// append stores a batch and counts its outcomes. One that damage has stopped is tried again in a
// new file.
func (l *loop) append(batch repo.Batch, outcomes []repo.Outcome) error {
	if len(batch.Samples) == 0 && batch.Import == nil {
		return nil
	}
	batch.MaxSeries = int64(l.config.MaxSeries)
	l.makeRoom()
	l.follow()
	start := time.Now()
	err := l.store.Append(context.Background(), batch, outcomes)
	if err != nil && l.mend(err) {
		err = l.store.Append(context.Background(), batch, outcomes)
	}
	l.stats.commit(outcomes[:len(batch.Samples)], time.Since(start), err)
	l.measureSize()
	l.noteUnsound()
	if !errors.Is(err, repo.ErrImportMoved) { // which says nothing about the file
		l.note(committing, err)
	}
	if err == nil {
		l.describeMade()
	}
	return err
}

// settle tells every waiter what became of its entries.
func (l *loop) settle() {
	var taken run
	sample := 0
	for _, e := range l.entries {
		outcome := repo.Stored
		if e.series != nil {
			outcome = l.outcomes[sample]
			sample++
		}
		switch {
		case e.waiter == nil:
		case e.broken:
			e.waiter.refuse(e, ErrDropped)
		case refusals[outcome] != nil:
			e.waiter.refuse(e, refusals[outcome])
		default:
			taken.add(e.waiter)
		}
	}
	taken.end()
}

// run is how many entries of one waiter follow each other: what is waited for is told once a run.
type run struct {
	waiter  *waiter
	entries int
}

func (r *run) add(w *waiter) {
	if w != r.waiter {
		r.end()
		*r = run{waiter: w}
	}
	r.entries++
}

func (r *run) end() {
	if r.waiter != nil {
		r.waiter.accept(r.entries)
	}
}

// giveBack ends a failed batch: those that wait get the error, the rest goes back to the queue.
func (l *loop) giveBack(err error) {
	kept := l.entries[:0]
	for _, e := range l.entries {
		if e.waiter != nil {
			e.waiter.refuse(e, err)
			continue
		}
		kept = append(kept, e)
	}
	l.queue.putBack(kept)
	clear(l.entries[:cap(l.entries)])
}

// reportOverflow says once that the queue has begun to drop samples, and once that it has room
// again.
func (l *loop) reportOverflow() {
	queue := l.queue.state()
	dropped := queue.dropped
	overflowing := dropped > l.dropped || l.overflowing && queue.depth == l.config.QueueSize
	switch {
	case overflowing && !l.overflowing:
		l.log.Warn("the queue is full, the oldest samples are dropped", "dropped", dropped)
	case !overflowing && l.overflowing:
		l.log.Info("the queue has room again", "dropped", dropped)
	}
	l.dropped, l.overflowing = dropped, overflowing
}

func (l *loop) checkpointIfDue() {
	if l.store.CheckpointDue() {
		l.checkpoint()
	}
	l.holdIfPinned()
}

func (l *loop) checkpoint() {
	l.outcome(checkpointing, l.store.Checkpoint(context.Background()))
}

// drain commits all that is queued. What cannot be committed is dropped and counted.
func (l *loop) drain() error {
	for {
		depth := l.queue.state().depth
		if depth == 0 {
			return nil
		}
		if err := l.commitBatch(); err != nil {
			lost := l.queue.discard()
			return fmt.Errorf("close: %d samples are lost: %w", lost, err)
		}
	}
}
