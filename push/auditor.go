package push

import (
	"context"
	"errors"
	"time"

	"github.com/wanstore/wanstore/service"
)

const (
	// auditAge is how long after it was sent an interval is audited: what a receiver has had for so
	// long is on its disk.
	auditAge = time.Hour

	// secondAge is how much later it is audited again: a receiver may be restored from an older
	// copy.
	secondAge = 24 * time.Hour

	// auditLead is how long before the file lets go of an interval it is audited at the latest.
	auditLead = 15 * time.Minute

	// visibleAge is how long after it was sent a receiver may not show a sample yet.
	visibleAge = time.Minute

	// auditIdle is how long an auditor waits until the next look at what is due, and after the
	// first failure; auditRetry is the longest that it waits after several.
	auditIdle  = time.Minute
	auditRetry = 15 * time.Minute
)

// auditor has audited what is due.
type auditor struct {
	sender   *Sender
	ask      asker
	looked   time.Time // when it was found out whether the target answers queries
	answers  bool      // it does; else acknowledgements count
	failures int       // in a row
}

// audit compares what a target has with what the file has, until ctx is done.
func (s *Sender) audit(ctx context.Context) {
	a := auditor{sender: s, ask: s.asker}
	for ctx.Err() == nil {
		sleep(ctx, a.next(ctx))
	}
}

// next audits an interval if one is due, and returns how long to wait until the next one.
func (a *auditor) next(ctx context.Context) time.Duration {
	due, err := a.step(ctx)
	if err == nil {
		err = a.sender.auditWorks(ctx)
	}
	switch {
	case ctx.Err() != nil, errors.Is(err, service.ErrDeliveryMoved):
		return auditIdle
	case err != nil:
		a.failed(ctx, err)
		a.failures++
		a.looked = time.Time{} // whether it answers again is asked first
		return min(auditIdle<<min(a.failures-1, 10), auditRetry)
	}
	a.failures = 0
	if due {
		return auditPause
	}
	return auditIdle
}

// failed notes an error of an audit.
func (a *auditor) failed(ctx context.Context, err error) {
	if _, ok := errors.AsType[*askError](err); !ok {
		a.sender.log.Warn("an audit of what was sent failed, it is tried again", "err", err)
		return
	}
	if err := a.sender.unanswered(ctx, err); err != nil && ctx.Err() == nil {
		a.sender.log.Warn("the file does not take what an audit has to say", "err", err)
	}
}

// step audits an interval, and reports whether one was due. A receiver that is away is not asked.
func (a *auditor) step(ctx context.Context) (due bool, err error) {
	if a.sender.troubles.away() {
		return false, nil
	}
	if err := a.look(ctx); err != nil {
		return false, err
	}
	if err := a.sender.setRight(ctx); err != nil {
		return false, err
	}
	i, due, err := a.due(ctx)
	if err != nil || !due {
		return false, err
	}
	one := auditing{
		sender: a.sender, ask: a.ask, answers: a.answers, interval: i,
		catalog: catalog{naming: a.sender.naming},
	}
	return true, one.run(ctx)
}

// look finds out whether the target answers queries: at first and, while it does not, now and then.
func (a *auditor) look(ctx context.Context) error {
	s := a.sender
	if !a.looked.IsZero() && (a.answers || s.now().Sub(a.looked).Abs() < auditRetry) {
		return nil
	}
	err := errNoAddress
	if a.ask.url != "" {
		err = a.ask.check(ctx)
	}
	switch {
	case err == nil:
		a.answers, err = true, s.answers(ctx)
	case a.ask.url == "", s.mayBeOther(err):
		a.answers, err = false, s.unavailable(ctx, err)
	}
	if err == nil {
		a.looked = s.now()
	}
	return err
}

// due returns the interval that is to be audited next, if one is.
func (a *auditor) due(ctx context.Context) (due interval, ok bool, err error) {
	ledger, _, _ := a.sender.place.look()
	err = a.sender.reader.view(ctx, func(view *service.Snapshot) error {
		now, tiers := a.sender.now(), view.Tiers()
		last := ledger.lastSent(now)
		for _, i := range ledger {
			if i.Sent.IsZero() || i.Audits >= lastAudit {
				continue
			}
			if a.answers {
				ok = !now.Before(a.sender.auditAt(i, tiers[i.Granularity], now))
			} else { // no error of the transport takes it back any more
				ok = i.Sent.Before(last.Add(-rewindSpan)) || !now.Before(i.Sent.Add(auditAge))
			}
			if ok {
				due = i
				return nil
			}
		}
		return nil
	})
	return due, ok, err
}

// auditAt is when an interval is to be audited next.
func (s *Sender) auditAt(i interval, tier service.TierSpan, now time.Time) time.Time {
	at := i.Sent.Add(auditAge + 90*s.jitter)
	if i.Audits > 0 {
		at = at.Add(secondAge)
	}
	if tier.From.Unix() <= 0 {
		return at // the tier has not let go of anything yet
	}
	letsGo := now.Add(i.From.Sub(tier.From) - auditLead)
	return earlier(at, later(letsGo, i.Sent.Add(visibleAge)))
}
