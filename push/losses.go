package push

import (
	"context"
	"time"

	"github.com/wanstore/wanstore/service"
)

// losses is what says that the receiver may have lost what it took last.
type losses struct {
	ended   chan struct{} // receives when the receiver has ended a connection
	last    time.Time     // when it took something
	there   time.Time     // when it was last looked for, and was there
	part    bool          // of the chunk that is being sent it has taken something
	rewound bool          // it has taken nothing since the last sends were taken back
	feared  bool          // the last sends are to be taken back
	doubts  []time.Time   // when the answer of a proxy was taken for a loss, the last ones
}

// mostDoubts is how many answers of proxies in doubtSpan are taken for losses: some answer 503 to
// who is too fast, and all would be sent again and again.
const (
	mostDoubts = 10
	doubtSpan  = time.Hour
)

// lookPause is how long a sender waits before it looks again for a receiver that was there.
const lookPause = 2 * time.Second

// taken notes that the receiver has taken samples.
func (l *losses) taken() { l.part, l.rewound, l.last = true, false, time.Now() }

// doubt reports whether the answer of a proxy is to be taken for a loss. It is none where nothing
// was taken since the last one.
func (l *losses) doubt() bool {
	if l.rewound {
		return false
	}
	now := time.Now()
	if n := len(l.doubts); n >= mostDoubts {
		if now.Sub(l.doubts[n-mostDoubts]) < doubtSpan {
			return false
		}
		l.doubts = l.doubts[1:]
	}
	l.doubts = append(l.doubts, now)
	return true
}

// disconnected notes that the receiver has ended a connection. It may be called by any goroutine.
func (s *Sender) disconnected() {
	select {
	case s.losses.ended <- struct{}{}:
	default:
	}
}

// idle waits until a bucket is due or the receiver ends a connection.
func (s *Sender) idle(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, s.untilDue())
	defer cancel()
	select {
	case <-s.losses.ended:
		s.disconnected() // for recover
	case <-ctx.Done():
	}
}

// paced waits until so many samples of a backlog may go, or the receiver is gone.
//
// Errors: errLost, and that of ctx.
func (s *Sender) paced(ctx context.Context, samples int) error {
	timer := time.NewTimer(s.pace.take(samples))
	defer timer.Stop()
	for {
		select {
		case <-timer.C:
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-s.losses.ended:
			if s.gone(ctx) {
				return errLost
			}
		}
	}
}

// gone reports whether a receiver that has ended a connection is not there. Where that is soon
// after it took something, it may have been killed, and be back before anything else is sent: so it
// is looked for at once, but for lookPause after it was there: proxies end connections, too, that
// are idle or have had their answer.
func (s *Sender) gone(ctx context.Context) bool {
	l := &s.losses
	if l.rewound || time.Since(l.last) > rewindSpan {
		return false
	}
	sleep(ctx, lookPause-time.Since(l.there))
	if s.post(ctx, nil).verdict == lost {
		return true
	}
	l.there = time.Now()
	return false
}

// recover takes back what was sent last if the receiver may have lost it.
func (s *Sender) recover(ctx context.Context) error {
	l := &s.losses
	select {
	case <-l.ended:
		l.feared = s.gone(ctx) || l.feared
	default:
	}
	if !l.feared {
		return nil
	}
	err := s.rewind(ctx)
	l.feared = err != nil
	return err
}

// behind takes back what was sent last where a proxy cannot reach the receiver, and what is being
// sent once that is done.
func (s *Sender) behind(ctx context.Context) {
	l := &s.losses
	if !l.doubt() {
		return
	}
	if err := s.rewind(ctx); err != nil {
		s.failed(err)
		l.feared = true
	}
	if l.part {
		l.feared, l.rewound = true, false
	}
}

// rewind takes back what was sent last.
func (s *Sender) rewind(ctx context.Context) error {
	if s.losses.rewound {
		return nil
	}
	var back change
	err := s.place.move(ctx, func(l ledger, _ *Report) (service.DeliveryChange, error) {
		back = l.rewind(s.now())
		if len(back.removed) == 0 {
			return service.DeliveryChange{}, errNothing
		}
		return service.DeliveryChange{Removed: back.removed, Added: back.added}, nil
	})
	if err != nil {
		return err
	}
	s.losses.rewound = true
	for _, i := range back.removed {
		s.again = append(s.again, span{i.From, i.Until})
	}
	return nil
}
