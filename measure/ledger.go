package measure

import (
	"slices"
	"sync"
	"time"
)

const (
	// maxUnread is how many replies wait for [Line.Take] at most, far more than a loop that still
	// lives leaves lying.
	maxUnread = 2048
	// clockStep is by how much the two clocks of the machine may part while an echo is on its way
	// before somebody has set one of them.
	clockStep = time.Millisecond
)

// Reply is one answered echo.
type Reply struct {
	// RTT is the round-trip time.
	RTT time.Duration
	// Sent is when the echo was sent, with the monotonic clock.
	Sent time.Time
	// At is when the reply arrived, with the monotonic clock.
	At time.Time
	// LeftOut says that the line answered, but nobody knows how fast: this machine was late itself,
	// or its clock was set. RTT is 0 then.
	LeftOut bool
	// Path counts the changes of the path that the line had taken when the echo was sent.
	Path int
}

// PingCounts are what has been counted of echoes. Sent is always the sum of Received, Lost and
// Waiting.
type PingCounts struct {
	// Sent echoes are those that the kernel took.
	Sent uint64
	// Received echoes were answered.
	Received uint64
	// Late replies came more than [LateAfter] after their echo; they are in Received.
	Late uint64
	// LeftOut replies have no round-trip time ([Reply]); they are in Received.
	LeftOut uint64
	// Lost echoes were not answered for as long as a late reply is waited for.
	Lost uint64
	// Waiting echoes may still be answered.
	Waiting uint64
	// Untaken replies were dropped, the oldest first, because nobody took them; they are in
	// Received.
	Untaken uint64
	// Duplicates are further replies to an echo already answered.
	Duplicates uint64
	// SendErrors are echoes that the kernel refused; they are not in Sent.
	SendErrors uint64
}

// ledger keeps the books of the echoes of one line, over all sockets and paths. All methods may be
// called from any goroutine; none waits for I/O.
type ledger struct {
	mu      sync.Mutex // held for bookkeeping alone
	counts  PingCounts
	pending pending
	unread  []Reply // oldest first
	path    int
	err     error
}

func newLedger(wait time.Duration) *ledger { return &ledger{pending: pending{wait: wait}} }

// take appends the replies that nobody has taken yet to dst.
func (l *ledger) take(dst []Reply) []Reply {
	l.mu.Lock()
	defer l.mu.Unlock()
	dst = append(dst, l.unread...)
	l.unread = l.unread[:0]
	return dst
}

// outcomes appends to dst what became of echoes, as [pending.outcomes] does.
func (l *ledger) outcomes(dst []Outcome) []Outcome {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.pending.outcomes(dst)
}

// end notes that nobody listens any more.
func (l *ledger) end() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.pending.ended = true
}

func (l *ledger) count() PingCounts {
	l.mu.Lock()
	defer l.mu.Unlock()
	counts := l.counts
	counts.Waiting = l.pending.waiting()
	return counts
}

// lastError returns the latest error of sending or of a socket.
func (l *ledger) lastError() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.err
}

// next returns the number of the echo to be sent next.
func (l *ledger) next() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.pending.next()
}

// sent notes that the echo of the next number is on its way.
func (l *ledger) sent(at time.Time, vague bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.counts.Sent++
	l.pending.add(echo{sent: at, vague: vague, path: l.path})
}

// turn notes that what is sent from now on takes another path.
func (l *ledger) turn() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.path++
}

// refused notes an echo that the kernel did not take.
func (l *ledger) refused(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.counts.SendErrors++
	l.err = err
}

// withdraw notes that an echo which was taken for sent has not left this machine.
func (l *ledger) withdraw(number uint64, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e := l.pending.find(number)
	if e == nil || e.done {
		return
	}
	e.done, e.withdrawn = true, true
	l.counts.Sent--
	l.counts.SendErrors++
	l.err = err
}

// failed notes an error that is of no single echo.
func (l *ledger) failed(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.err = err
}

// expire gives up what is too old. The receiver calls it when there is nothing more to receive:
// after a stall the answers lie in the socket.
func (l *ledger) expire(now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.counts.Lost += l.pending.expire(now)
}

// arrival is a reply as it was read.
type arrival struct {
	number uint64
	// noted is when the kernel noted it, by the wall clock; zero where it did not.
	noted time.Time
	// read is when it was read, by both clocks.
	read time.Time
	// rtt is the round-trip time that the kernel has measured; zero where it has not.
	rtt time.Duration
	// vague says that, without rtt, nobody knows which packet it answers.
	vague bool
}

// received notes an arrival; s is the latest stall of the loop that read it.
func (l *ledger) received(a arrival, s *stall) {
	at, sure := a.at()
	l.mu.Lock()
	defer l.mu.Unlock()
	e := l.pending.find(a.number)
	if e == nil {
		return // it was lost already
	}
	if e.done {
		l.counts.Duplicates++
		return
	}
	e.done = true
	if s.taints(e.sent, at, !a.noted.IsZero()) {
		sure = false
	}
	rtt := at.Sub(e.sent)
	if rtt < 0 || e.vague || a.vague || !a.noted.IsZero() && stepped(e.sent, a.read) {
		sure = false
	}
	if a.rtt > 0 {
		rtt, sure = a.rtt, true
	}
	e.lost = rtt > l.pending.wait
	l.answered(Reply{RTT: rtt, Sent: e.sent, At: at, LeftOut: !sure, Path: e.path})
}

// at returns when the reply arrived, by both clocks; it is not sure where the clock was set since.
func (a arrival) at() (at time.Time, sure bool) {
	if a.noted.IsZero() {
		return a.read, true
	}
	lay := a.read.Round(0).Sub(a.noted) // in the socket
	return a.read.Add(-max(lay, 0)), lay >= -clockStep
}

// stepped tells whether the wall clock was set between two moments.
func stepped(from, until time.Time) bool {
	wall := until.Round(0).Sub(from.Round(0)) // Round(0) strips the monotonic clock
	return (wall - until.Sub(from)).Abs() > clockStep
}

// answered is called with mu held.
func (l *ledger) answered(r Reply) {
	if r.RTT > l.pending.wait {
		l.counts.Lost++
		return
	}
	l.counts.Received++
	if r.LeftOut {
		l.counts.LeftOut++
		r.RTT = 0
	}
	if r.RTT > LateAfter {
		l.counts.Late++
	}
	if len(l.unread) == maxUnread {
		l.unread = slices.Delete(l.unread, 0, 1)
		l.counts.Untaken++
	}
	l.unread = append(l.unread, r)
}
