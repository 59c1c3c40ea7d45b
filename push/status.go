package push

import (
	"context"
	"encoding/json"
	"time"

	"github.com/wanstore/wanstore/service"
)

// Status is how far a target has been sent a history.
type Status struct {
	Target  string `json:"target"` // the receiver, and what series are called there
	Report         // since the target was first sent anything
	Changed int64  `json:"changed"` // samples that joined a bucket after it had been sent

	BacklogSeconds float64 `json:"backlog_seconds"` // from the oldest bucket that is due to the newest
	BacklogSamples int64   `json:"backlog_samples"` // that are due and have not been sent
	LateBuckets    int64   `json:"late_buckets"`    // of what they are made: buckets that came late

	SentUntil      time.Time `json:"sent_until,omitzero"`      // all before has been sent
	ConfirmedUntil time.Time `json:"confirmed_until,omitzero"` // all before was seen to be there

	Refusals []Refusal `json:"parked_samples"` // samples that the receiver does not take
}

// Refusal is samples of one series that the receiver does not take for one reason.
type Refusal struct {
	Metric  string    `json:"metric"` // at the receiver
	WAN     string    `json:"wan"`
	Labels  string    `json:"labels,omitempty"` // of the series in the file, as JSON
	From    time.Time `json:"from"`             // they lie in the hours of [From, Until)
	Until   time.Time `json:"until"`
	Samples int64     `json:"samples"`
	Reason  string    `json:"reason"` // the receiver's words
	At      time.Time `json:"at"`     // when it refused them last
}

const (
	// refusalsRead is how many rows of refusals a status is made of, an hour of a series each.
	refusalsRead = 100_000

	// backlogCounted is how many buckets of a backlog are counted; what is beyond is estimated.
	backlogCounted = 200_000
)

// ReadStatus returns how far each target has been sent a history, as its file has it, whichever
// process sends.
//
// Errors: those of the file, and that of ctx.
func ReadStatus(ctx context.Context, history *service.History, now time.Time) ([]Status, error) {
	view, err := history.Snapshot(ctx)
	if err != nil {
		return nil, err
	}
	list, err := readStatus(ctx, view, now)
	if closing := view.Close(); err == nil {
		err = closing
	}
	return list, err
}

func readStatus(
	ctx context.Context, view *service.Snapshot, now time.Time,
) ([]Status, error) {
	all, err := view.Deliveries(ctx)
	if err != nil {
		return nil, err
	}
	list := make([]Status, 0, len(all))
	for _, one := range all {
		status := Status{Target: one.Target, Changed: one.Changed, Refusals: []Refusal{}}
		if err := json.Unmarshal([]byte(one.Report), &status.Report); err != nil {
			continue // a hand has written what no sender does
		}
		if err := status.readBacklog(ctx, view, one, now); err != nil {
			return nil, err
		}
		if err := status.readRefusals(ctx, view); err != nil {
			return nil, err
		}
		list = append(list, status)
	}
	return list, nil
}

func (s *Status) readBacklog(
	ctx context.Context, view *service.Snapshot, of service.Delivery, now time.Time,
) error {
	g, err := service.ParseGranularity(s.Granularity)
	if err != nil {
		return nil //nolint:nilerr // a hand has written it
	}
	if of.Begun.Unix() <= 0 {
		return nil // there is nothing yet
	}
	p := planning{
		granularity: g, tiers: view.Tiers(), ledger: of.Sent, begun: of.Begun,
		due: now.UTC().Add(-time.Duration(s.SettleSeconds * float64(time.Second))),
	}
	names := naming{percentiles: s.Percentiles, granularity: g}
	newer := backlog{view: view, names: &names, first: p.end()}
	for _, gap := range p.gaps() {
		for !gap.empty() {
			w := p.segment(gap)
			if err := newer.add(ctx, w); err != nil {
				return err
			}
			gap.from = later(w.span.until, gap.from)
		}
	}
	late := backlog{view: view, names: &names, first: p.end()}
	marks, err := view.Unsent(ctx, s.Target, time.Time{}, endOfTime, allRows)
	if err != nil {
		return err
	}
	for len(marks) > 0 {
		var w work
		if w, marks = p.hour(marks); len(w.marks) == 0 {
			continue
		}
		if err := late.add(ctx, w); err != nil {
			return err
		}
	}
	s.LateBuckets = late.buckets
	s.BacklogSamples = newer.samples + late.samples
	s.SentUntil = earlier(newer.first, late.first)
	s.BacklogSeconds = p.end().Sub(s.SentUntil).Seconds()
	s.ConfirmedUntil = p.confirmedUntil(s.SentUntil)
	return nil
}

// confirmedUntil is the moment before which all that was sent was seen to be there. There is none
// where nothing was: what was sent begins no later than the history.
func (p *planning) confirmedUntil(sent time.Time) time.Time {
	for _, i := range p.ledger {
		if i.Sent.IsZero() || !i.Confirmed.IsZero() {
			continue
		}
		if !i.From.After(p.begun) {
			return time.Time{}
		}
		return earlier(i.From, sent)
	}
	return sent
}

// backlog counts what has not been sent.
type backlog struct {
	view    *service.Snapshot
	names   *naming
	first   time.Time // where the oldest bucket begins
	buckets int64
	samples int64
	rate    float64 // samples in a nanosecond, once there are too many buckets to be counted
}

// add counts what is to be sent of some work.
func (b *backlog) add(ctx context.Context, w work) error {
	if b.rate > 0 {
		b.samples += int64(b.rate * float64(w.span.until.Sub(w.span.from)))
		return nil
	}
	parts := map[int64]int64{}
	for _, info := range b.view.Series() {
		parts[info.ID] = 1
		if w.granularity != service.Raw {
			parts[info.ID] += int64(len(b.names.names(info.Metric, info.Aggregation)))
		}
	}
	query := service.BucketQuery{Series: b.view.Series(), Granularity: w.granularity,
		From: w.span.from, Until: w.span.until}
	counted, wanted := int64(0), w.wanted()
	for bucket, err := range b.view.Buckets(ctx, query) {
		if err != nil {
			return err
		}
		if wanted != nil && !wanted(bucket) {
			continue
		}
		b.first = earlier(b.first, bucket.Time)
		counted += parts[bucket.SeriesID]
		if n := len(bucket.States); n > 0 {
			counted += int64(n) - 1
		}
		seen := bucket.Time.Sub(w.span.from)
		if b.buckets++; b.buckets >= backlogCounted && seen > 0 {
			b.rate = float64(counted) / float64(seen)
			counted = int64(b.rate * float64(w.span.until.Sub(w.span.from)))
			break
		}
	}
	b.samples += counted
	return nil
}

func (s *Status) readRefusals(ctx context.Context, view *service.Snapshot) error {
	rows, err := view.Parked(ctx, s.Target, time.Time{}, endOfTime, refusalsRead)
	if err != nil {
		return err
	}
	series := map[int64]service.SeriesInfo{}
	for _, info := range view.Series() {
		series[info.ID] = info
	}
	type reason struct {
		series int64
		name   string
		words  string
	}
	index := map[reason]int{}
	for _, p := range rows {
		if p.Samples == 0 {
			continue // it says only that something was missing once
		}
		key := reason{p.SeriesID, p.Name, p.Reason}
		at, known := index[key]
		if !known {
			at = len(s.Refusals)
			index[key] = at
			s.Refusals = append(s.Refusals, newRefusal(p, series[p.SeriesID]))
		}
		one := &s.Refusals[at]
		one.Samples += p.Samples
		one.Until, one.At = p.Hour.Add(time.Hour), later(one.At, p.Refused)
	}
	return nil
}

func newRefusal(p service.ParkedSamples, of service.SeriesInfo) Refusal {
	one := Refusal{Metric: p.Name, WAN: of.WAN, From: p.Hour, Reason: p.Reason}
	if labels, err := json.Marshal(of.Labels); err == nil && len(of.Labels) > 0 {
		one.Labels = string(labels)
	}
	return one
}
