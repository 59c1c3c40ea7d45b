package service

import (
	"context"
	"time"

	"github.com/wanstore/wanstore/repo"
)

// Readers that overlap for ever, each of them short, keep SQLite from restarting the WAL: at no
// instant is there none with a view that needs it. When the WAL has grown to its limit, commits and
// steps are held back for a while. Readers that begin when all that was committed has been copied
// into the file need no WAL, and when the others have ended, it can restart. That takes as long as
// the slowest reader does, twice.
const (
	// minHold is how long commits are held back at first: enough for readers of a second.
	minHold = 2 * time.Second

	// maxHold is how long they are held back where less was in vain. It is well below the time
	// after which a writer without commits counts as stuck.
	maxHold = 16 * time.Second

	// holdPoll is the time between two looks at whether the WAL can restart.
	holdPoll = 10 * time.Millisecond

	// holdShare is how many times as long as a hold in vain the commits then go on.
	holdShare = 4

	// Under a size cap there is no room for the WAL to grow into. Already the first hold is long
	// enough for readers of this process to end, twice over, and after a hold in vain commits go on
	// for as long as it has lasted.
	minCappedHold = 2*repo.CrowdedReadLimit + time.Second
)

// walHold is the state of holding commits back.
type walHold struct {
	since    time.Time     // when this hold began, zero while there is none
	most     time.Duration // how long this hold, or the next one, may last
	notUntil time.Time     // when the next one may begin, after one in vain
	beyond   int           // pages that the WAL has to have by then
}

func (h *walHold) on() bool { return !h.since.IsZero() }

// holdIfPinned holds commits back if the WAL has grown beyond its limit.
func (l *loop) holdIfPinned() {
	h := &l.hold
	pages, limit := l.store.WALPages(), l.store.WALPagesLimit()
	if pages < limit {
		l.unpinned()
	}
	if h.on() || pages < max(h.beyond, limit) || time.Now().Before(h.notUntil) {
		return
	}
	h.since = time.Now()
	h.most = max(h.most, l.minHold())
	l.restartWAL()
}

// unpinned starts over with the WAL.
func (l *loop) unpinned() {
	if l.hold.beyond > 0 {
		l.log.Info("the WAL has restarted")
	}
	l.hold = walHold{}
}

// nextHeld is next while commits are held back. What is asked of the writer waits like they do: it
// may write.
func (l *loop) nextHeld() func() {
	select {
	case <-l.ending:
		return nil
	case <-l.queue.wake:
		return l.arm
	case <-time.After(holdPoll):
		return l.restartWAL
	}
}

// restartWAL ends the hold if the WAL can restart, if that cannot be waited for any longer, or if
// the queue needs the room.
func (l *loop) restartWAL() {
	restarted, err := l.store.Restart(context.Background())
	held := time.Since(l.hold.since)
	if err == nil && !restarted && held < l.hold.most && !l.queueNeedsRoom() {
		return
	}
	if held >= holdPoll {
		l.stats.held(held)
	}
	if restarted {
		l.unpinned()
		return
	}
	if err == nil && l.hold.beyond == 0 {
		l.log.Warn("readers keep the WAL from restarting, it goes on growing", "bytes",
			l.store.WALBytes())
	}
	l.heldInVain(held)
	if err != nil {
		l.outcome(checkpointing, err)
	}
}

// heldInVain sets when commits may be held back again.
func (l *loop) heldInVain(held time.Duration) {
	pause, growth := holdShare*held, l.store.WALPagesLimit()
	if l.config.MaxSize > 0 {
		pause, growth = held, 1
	}
	l.hold = walHold{
		most:     min(2*l.hold.most, maxHold),
		notUntil: time.Now().Add(pause),
		beyond:   l.store.WALPages() + growth,
	}
}

func (l *loop) minHold() time.Duration {
	if l.config.MaxSize > 0 {
		return minCappedHold
	}
	return minHold
}

// queueNeedsRoom says that samples would be dropped if commits were held back for much longer.
func (l *loop) queueNeedsRoom() bool {
	return l.queue.state().depth >= l.config.QueueSize-l.config.QueueSize/4
}
