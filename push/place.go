package push

import (
	"context"
	"encoding/json"
	"errors"
	"math/bits"
	"sync"
	"time"

	"github.com/wanstore/wanstore/service"
)

// Report is what a sender has done for a target, over all of its lives. It lies in the file.
type Report struct {
	URL           string  `json:"url"` // of the receiver
	Granularity   string  `json:"granularity"`
	SettleSeconds float64 `json:"settle_seconds"`
	Percentiles   bool    `json:"percentiles,omitempty"`

	Sent      int64 `json:"sent"`      // samples that the receiver has acknowledged
	Resent    int64 `json:"resent"`    // of them those that had been sent before, or came later
	Confirmed int64 `json:"confirmed"` // samples that an audit has found there
	Parked    int64 `json:"parked"`    // samples that the receiver does not take
	Merged    int64 `json:"merged"`    // raw samples of a millisecond that another one has
	Expired   int64 `json:"expired"`   // buckets of time that the file gave up before they were sent

	LastSuccess time.Time `json:"last_success,omitzero"` // of a POST

	Audit AuditReport `json:"audit"`
}

// AuditReport is what the audits of a target have found.
type AuditReport struct {
	At         time.Time `json:"at,omitzero"` // of the last one
	Audits     int64     `json:"audits"`      // intervals that were compared
	Missing    int64     `json:"missing"`     // samples that were not there, and were sent again
	Unrepaired int64     `json:"unrepaired"`  // samples that were not there after that either
	Doubled    int64     `json:"doubled"`     // samples that were there more than once
	Unaudited  int64     `json:"unaudited"`   // intervals that the file gave up before

	// Answered is when the target first answered a query.
	Answered time.Time `json:"answered,omitzero"`
	// Unavailable is why the target cannot be asked; acknowledgements count then.
	Unavailable string `json:"unavailable,omitempty"`
	// Failed is why nothing can be audited since a moment; nothing is confirmed then.
	Failed      string    `json:"failed,omitempty"`
	FailedSince time.Time `json:"failed_since,omitzero"`
}

// place is how far a target has been sent the history: what the file says, and its changes. It is
// safe for any number of goroutines.
type place struct {
	target string
	config Config
	writer *service.Writer

	moving turn // for as long as the file takes

	mu       sync.Mutex // of what follows, and is taken last
	revision int64
	begun    time.Time
	ledger   ledger
	report   Report
	late     time.Time // where the oldest bucket begins that came late, zero for none
}

// load takes over what a view of the file says.
func (p *place) load(ctx context.Context, view *service.Snapshot) error {
	all, err := view.Deliveries(ctx)
	if err != nil {
		return err
	}
	if err := p.moving.take(ctx); err != nil {
		return err
	}
	defer p.moving.give()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.revision, p.begun, p.ledger, p.report = 0, time.Time{}, nil, Report{}
	for _, one := range all {
		if one.Target != p.target {
			continue
		}
		p.revision, p.begun, p.ledger = one.Revision, one.Begun, one.Sent
		if err := json.Unmarshal([]byte(one.Report), &p.report); err != nil {
			p.report = Report{} // a hand has written what no sender does
		}
	}
	return nil
}

// move makes a change in the file, and here once it is there. f gets what is known and returns the
// change; of the report it is given the change is taken over with the rest.
func (p *place) move(
	ctx context.Context, f func(ledger, *Report) (service.DeliveryChange, error),
) error {
	if err := p.moving.take(ctx); err != nil {
		return err
	}
	defer p.moving.give()
	known, begun, report := p.look()
	report.URL, report.Granularity = p.config.URL, p.config.Granularity
	report.SettleSeconds = p.config.Settle.Seconds()
	report.Percentiles = p.config.Percentiles
	c, err := f(known, &report)
	if errors.Is(err, errNothing) {
		return nil
	}
	if err != nil {
		return err
	}
	text, err := json.Marshal(report)
	if err != nil {
		return err
	}
	c.Target, c.Revision, c.Report = p.target, p.revision, string(text)
	if c.Begun.IsZero() {
		c.Begun = begun
	}
	if err := p.writer.Deliver(ctx, c); err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.revision++
	p.begun, p.report = c.Begun, report
	p.ledger = known.with(change{c.Removed, c.Added})
	return nil
}

// errNothing ends a move that changes nothing.
var errNothing = errors.New("nothing to change")

// marked takes over what the file has marked as unsent, the oldest first.
func (p *place) marked(marks []service.UnsentBuckets) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.late = time.Time{}
	if len(marks) > 0 {
		first := bits.TrailingZeros64(marks[0].Minutes)
		p.late = marks[0].Hour.Add(time.Duration(first) * time.Minute)
	}
}

// oldest returns where the oldest bucket begins that came late and has not been sent, or otherwise.
func (p *place) oldest(otherwise time.Time) time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.late.IsZero() {
		return otherwise
	}
	return earlier(p.late, otherwise)
}

// look returns what is known. The ledger is not changed afterwards.
func (p *place) look() (ledger, time.Time, Report) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.ledger, p.begun, p.report
}
