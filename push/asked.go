package push

import (
	"context"
	"errors"
	"time"

	"github.com/wanstore/wanstore/service"
)

// answers notes that the target answers queries.
func (s *Sender) answers(ctx context.Context) error {
	return s.noteAudit(ctx, func(report *AuditReport, now time.Time) {
		if report.Answered.IsZero() {
			report.Answered = now
		}
		report.Unavailable = ""
	})
}

// mayBeOther reports that nothing can be asked at an address that was guessed and has never
// answered: queries may be answered elsewhere. Who has said where to ask wants to hear that it is
// wrong.
func (s *Sender) mayBeOther(err error) bool {
	_, _, report := s.place.look()
	answered := !report.Audit.Answered.IsZero() || report.Audit.Audits > 0
	return errors.Is(err, errCannotAsk) && s.config.Query == "" && !answered
}

// unavailable notes that the target cannot be asked, so that acknowledgements count.
func (s *Sender) unavailable(ctx context.Context, why error) error {
	words := plain(why.Error())
	_, _, before := s.place.look()
	if before.Audit.Unavailable != words {
		s.log.Warn("what was sent cannot be audited, so acknowledgements count", "err", why)
	}
	return s.noteAudit(ctx, func(report *AuditReport, _ time.Time) {
		report.Unavailable = words
	})
}

// unanswered notes that a target has not answered a query of an audit. It is asked again.
func (s *Sender) unanswered(ctx context.Context, why error) error {
	words := plain(why.Error())
	if _, _, before := s.place.look(); before.Audit.FailedSince.IsZero() {
		s.log.Warn("what was sent cannot be audited now, so it is not confirmed", "err", why)
	}
	return s.noteAudit(ctx, func(report *AuditReport, now time.Time) {
		report.Unavailable, report.Failed = "", words
		if report.FailedSince.IsZero() || report.FailedSince.After(now) {
			report.FailedSince = now
		}
	})
}

// auditWorks notes that what was due has been audited.
func (s *Sender) auditWorks(ctx context.Context) error {
	return s.noteAudit(ctx, func(report *AuditReport, _ time.Time) {
		report.Failed, report.FailedSince = "", time.Time{}
	})
}

// noteAudit changes what the file says of audits.
func (s *Sender) noteAudit(ctx context.Context, f func(*AuditReport, time.Time)) error {
	now := s.now().UTC().Round(0).Truncate(time.Microsecond)
	return s.place.move(ctx, func(_ ledger, report *Report) (service.DeliveryChange, error) {
		before := report.Audit
		f(&report.Audit, now)
		if report.Audit == before {
			return service.DeliveryChange{}, errNothing
		}
		return service.DeliveryChange{}, nil
	})
}

// setRight has what a clock has noted that was ahead count as sent now: it would be audited only
// when that moment comes.
func (s *Sender) setRight(ctx context.Context) error {
	now := s.now().UTC().Round(0).Truncate(time.Microsecond)
	return s.place.move(ctx, func(l ledger, _ *Report) (service.DeliveryChange, error) {
		c := l.setRight(now)
		if len(c.removed) == 0 {
			return service.DeliveryChange{}, errNothing
		}
		return service.DeliveryChange{Removed: c.removed, Added: c.added}, nil
	})
}
