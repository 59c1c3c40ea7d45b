package push

import (
	"fmt"
	"maps"
	"sync"
	"time"

	"github.com/wanstore/wanstore/service"
)

// What can be wrong with a sender.
const (
	// Stuck: something is due, and nothing has been taken for a while.
	Stuck service.Reason = "push_stuck"
	// Refused: the receiver does not let the sender in, or is not one.
	Refused service.Reason = "push_refused"
	// Audit: what was sent is not there, or is there twice.
	Audit service.Reason = "push_audit"
)

// stuckAfter is how long something may be due while nothing is taken.
const stuckAfter = 5 * time.Minute

// lostShown is how long it is shown that samples are missing for good.
const lostShown = 24 * time.Hour

// trouble is what keeps a sender from going on. It is safe for any number of goroutines.
type trouble struct {
	mu      sync.Mutex
	waiting time.Time         // since when something has been due and nothing was taken
	last    answer            // of the receiver, the last one
	told    verdict           // what was logged last
	refused map[verdict]int64 // answers that were not what was hoped for
	local   string            // what is wrong with the file or this machine, "" for nothing
	doubled bool              // the last audit found samples more than once
	lost    time.Time         // when one last found samples missing that had been sent again
}

// due notes that something is to be sent.
func (t *trouble) due(now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.waiting.IsZero() {
		t.waiting = now
	}
}

// idle notes that nothing is to be sent.
func (t *trouble) idle() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.waiting, t.local = time.Time{}, ""
}

// answered notes an answer, and reports whether the receiver is in trouble that is new.
func (t *trouble) answered(a answer) (changed bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if a.verdict == taken {
		t.last, t.waiting, t.local = a, time.Time{}, ""
		return false
	}
	if t.refused == nil {
		t.refused = map[verdict]int64{}
	}
	t.refused[a.verdict]++
	if a.verdict != rejected || t.last.verdict != barred { // what is barred may be tried by halves
		t.last = a
	}
	if a.verdict == rejected {
		return false
	}
	changed = a.verdict != t.told
	t.told = a.verdict
	return changed
}

// over notes that all of a chunk was taken or parked, and reports whether that ends a trouble.
func (t *trouble) over() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	was := t.told
	t.told, t.last = taken, answer{}
	return was != taken
}

// failed notes what is wrong with the file, and reports whether that is new.
func (t *trouble) failed(err error, now time.Time) (changed bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.waiting.IsZero() {
		t.waiting = now
	}
	changed = t.local == ""
	t.local = plain(err.Error())
	return changed
}

// audited notes what an audit has found.
func (t *trouble) audited(doubled, lost bool, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.doubled = doubled
	if lost {
		t.lost = now
	}
}

// away reports that the receiver could not be reached when it was last sent something.
func (t *trouble) away() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.last.verdict == lost
}

// refusals counts answers that did not acknowledge anything.
func (t *trouble) refusals() map[verdict]int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return maps.Clone(t.refused)
}

// health returns what is wrong now.
func (t *trouble) health(now time.Time) []service.Problem {
	t.mu.Lock()
	defer t.mu.Unlock()
	var problems []service.Problem
	add := func(reason service.Reason, format string, args ...any) {
		problems = append(problems,
			service.Problem{Reason: reason, Message: fmt.Sprintf(format, args...)})
	}
	if t.last.verdict == barred || t.last.verdict == strange {
		add(Refused, "the receiver answers %s", t.last.words)
	} else if waited := now.Sub(t.waiting); !t.waiting.IsZero() && waited > stuckAfter {
		add(Stuck, "nothing has been taken for %s: %s", waited.Round(time.Second), t.why())
	}
	if t.doubled {
		add(Audit, "samples are there more than once: deduplication is off at the receiver")
	}
	if !t.lost.IsZero() && now.Sub(t.lost) < lostShown {
		add(Audit, "samples that were acknowledged are not there, and could not be sent again")
	}
	return problems
}

// why says what stands in the way, without a path or an address: health is for everybody.
func (t *trouble) why() string {
	switch {
	case t.local != "":
		return "the file cannot be read or written"
	case t.last.verdict == lost:
		return "the receiver cannot be reached"
	}
	return "the receiver answers " + t.last.words
}
