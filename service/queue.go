package service

import (
	"context"
	"sync"

	"github.com/wanstore/wanstore/repo"
)

// entry is a sample that waits for its commit, or, without a series, a mark that Flush waits for.
type entry struct {
	series *Series
	ts     repo.Micros
	value  float64
	waiter *waiter // nil for Record

	// Of a mark: how many samples had been dropped when it was asked for. What is dropped from then
	// on, until it leaves the queue, came before it.
	dropped int64
	broken  bool // some have been
}

// queue holds the samples between their producers and the writer's goroutine. It is a ring of a
// fixed size, so that adding allocates nothing, and nothing is done under its lock that takes
// longer than copying a few entries.
type queue struct {
	wake chan struct{} // holds a token when the goroutine should look at the queue

	mu      sync.Mutex
	ring    []entry
	head    int // index of the oldest entry
	size    int
	waiting int           // entries with a waiter
	ready   int           // size from which a commit is due
	room    chan struct{} // closed when entries have been taken; nil while nobody waits for that
	closed  bool
	dropped int64 // samples pushed out by newer ones
	late    int64 // samples that came after the close
	foreign int64 // samples without a series of this writer
}

func newQueue(size, ready int) *queue {
	return &queue{wake: make(chan struct{}, 1), ring: make([]entry, size), ready: ready}
}

// record adds samples and pushes the oldest out where there is no room. It never blocks.
func (q *queue) record(owner *core, samples []Sample) {
	q.mu.Lock()
	before := q.size
	for i := range samples {
		s := &samples[i]
		switch {
		case q.closed:
			q.late++
		case s.Series == nil || s.Series.owner != owner:
			q.foreign++
		default:
			if q.size == len(q.ring) {
				q.dropOldest()
			}
			q.add(entry{series: s.Series, ts: repo.MicrosOf(s.Time), value: s.Value})
		}
	}
	wake := before == 0 && q.size > 0 || before < q.ready && q.size >= q.ready
	q.mu.Unlock()
	if wake {
		q.signal()
	}
}

// countLate counts samples of a hold that has been closed.
func (q *queue) countLate(samples int) {
	q.mu.Lock()
	q.late += int64(samples)
	q.mu.Unlock()
}

// countForeign counts a sample without a series of this writer.
func (q *queue) countForeign() {
	q.mu.Lock()
	q.foreign++
	q.mu.Unlock()
}

// submit adds n entries that somebody waits for, and waits itself while there is no room for them.
//
// Errors: ErrClosed, and that of ctx.
func (q *queue) submit(ctx context.Context, n int, entryAt func(int) entry) error {
	for added := 0; ; {
		more, room, err := q.offer(added, n, entryAt)
		if added += more; err != nil || added == n {
			return err
		}
		select {
		case <-room:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// offer adds the entries from one on for which there is room, and says how many. The channel closes
// when there is room again.
func (q *queue) offer(
	from, n int, entryAt func(int) entry,
) (added int, room <-chan struct{}, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return 0, nil, ErrClosed
	}
	added = min(n-from, len(q.ring)-q.size)
	for i := range added {
		q.add(entryAt(from + i))
	}
	if added > 0 {
		q.signal()
	}
	if q.room == nil {
		q.room = make(chan struct{})
	}
	return added, q.room, nil
}

func (q *queue) add(e entry) {
	q.ring[q.wrap(q.head+q.size)] = e
	q.size++
	if e.waiter != nil {
		q.waiting++
	}
}

// wrap is i modulo the length of the ring: i is less than twice that, and a division costs more
// than all else that is done for an entry.
func (q *queue) wrap(i int) int {
	if i >= len(q.ring) {
		return i - len(q.ring)
	}
	return i
}

func (q *queue) removeOldest() entry {
	e := q.ring[q.head]
	q.ring[q.head] = entry{}
	q.head = q.wrap(q.head + 1)
	q.size--
	if e.waiter != nil {
		q.waiting--
	}
	e.broken = e.series == nil && e.dropped != q.dropped
	return e
}

func (q *queue) dropOldest() {
	e := q.removeOldest()
	if e.series != nil {
		q.dropped++
	}
	if e.waiter != nil {
		e.waiter.refuse(e, ErrDropped)
	}
}

func (q *queue) signal() {
	select {
	case q.wake <- struct{}{}:
	default: // a token is there already
	}
}

// takeAtOnce is how many entries are taken under one lock: some microseconds of work. On a machine
// that is busy the holder of the lock may lose the processor, and everybody who records waits until
// it is back; the shorter, the less likely.
const takeAtOnce = 64

// take moves up to limit of the oldest entries to the end of batch.
func (q *queue) take(batch []entry, limit int) []entry {
	for limit > 0 {
		before := len(batch)
		batch = q.takeSome(batch, min(limit, takeAtOnce))
		if len(batch) == before {
			return batch
		}
		limit -= len(batch) - before
	}
	return batch
}

func (q *queue) takeSome(batch []entry, limit int) []entry {
	q.mu.Lock()
	defer q.mu.Unlock()
	for range min(limit, q.size) {
		batch = append(batch, q.removeOldest())
	}
	if q.room != nil && len(batch) > 0 {
		close(q.room)
		q.room = nil
	}
	return batch
}

// putBack returns entries whose commit has failed to the front. Where newer ones have taken their
// room, the oldest are dropped.
func (q *queue) putBack(entries []entry) {
	q.mu.Lock()
	defer q.mu.Unlock()
	fits := min(len(entries), len(q.ring)-q.size)
	q.dropped += int64(len(entries) - fits)
	for i := range fits {
		q.head = q.wrap(q.head + len(q.ring) - 1)
		q.ring[q.head] = entries[len(entries)-1-i]
		q.size++
	}
}

// due says that a commit should not wait for its time.
func (q *queue) due() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.size >= q.ready || q.waiting > 0
}

// close refuses everything from now on.
func (q *queue) close() {
	q.mu.Lock()
	q.closed = true
	q.mu.Unlock()
	q.signal()
}

// queueState is what the queue has counted.
type queueState struct {
	depth                  int
	dropped, late, foreign int64
}

func (q *queue) state() queueState {
	q.mu.Lock()
	defer q.mu.Unlock()
	return queueState{depth: q.size, dropped: q.dropped, late: q.late, foreign: q.foreign}
}

// discard drops everything and returns how many samples that were.
func (q *queue) discard() int64 {
	q.mu.Lock()
	defer q.mu.Unlock()
	before := q.dropped
	for q.size > 0 {
		q.dropOldest()
	}
	return q.dropped - before
}
