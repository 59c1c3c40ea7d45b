package push

import (
	"github.com/wanstore/wanstore/service"
)

// Health returns what is wrong with the sender, nothing while all is well. It does no I/O.
func (s *Sender) Health() []service.Problem {
	now := s.now()
	problems := s.troubles.health(now)
	_, _, report := s.place.look()
	since := report.Audit.FailedSince
	if len(problems) > 0 || since.IsZero() || now.Sub(since) < auditRetry {
		return problems // a receiver that is away answers no query either
	}
	return append(problems, service.Problem{Reason: Audit, Message: "audits fail, so nothing that " +
		"is sent is confirmed: the receiver does not answer queries"})
}

// Notes returns what is worth knowing of the sender although nothing is wrong. It does no I/O.
func (s *Sender) Notes() []service.Problem {
	_, _, report := s.place.look()
	why := report.Audit.Unavailable
	if why == "" {
		return nil
	}
	return []service.Problem{{Reason: Audit, Message: "the receiver " + why +
		"; acknowledgements count"}}
}
