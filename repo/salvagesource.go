package repo

import (
	"context"
	"errors"
	"math"
	"time"
)

// rollUp rolls up all that was put together: then each tier has all that it can have, and none is
// to be made of another one while the rows are taken.
func (s *Salvage) rollUp(ctx context.Context) (err error) {
	w, err := openWriter(ctx, s.path(), SynchronousNormal, nil)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	if err := w.update(ctx, "salvage", func() (err error) {
		s.tiers, err = w.tiers(ctx)
		return err
	}); err != nil {
		return err
	}
	end := s.newest.Add(2 * Hour.Bucket())
	for g := Minute; g <= Hour; g++ {
		for more := true; more; {
			if _, more, err = w.RollUp(ctx, g, end, 0); err != nil {
				return err
			}
			if err := context.Cause(ctx); err != nil {
				return err
			}
			if w.CheckpointDue() {
				if err := w.Checkpoint(ctx); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// open opens what was put together to be read, and counts the buckets of states of which a row is
// lost.
func (s *Salvage) open(ctx context.Context) (err error) {
	if s.reader, err = openReader(ctx, s.path()); err != nil {
		return err
	}
	view, err := s.reader.Snapshot(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, view.Close()) }()
	for _, one := range view.Series {
		s.series[one.ID] = &Series{Key: one.Key, Aggregation: one.Aggregation}
	}
	unsound, err := view.walk(view.Context())
	for _, u := range unsound {
		if u.Table == "state_rollups" {
			s.Report.Torn += u.Rows
		}
	}
	return err
}

// read reads the rows from a place on, as many as a step takes.
func (s *Salvage) read(ctx context.Context, place salvagePlace) (page salvagePage, err error) {
	view, err := s.reader.Snapshot(ctx)
	if err != nil {
		return page, err
	}
	defer func() { err = errors.Join(err, view.Close()) }()
	page = salvagePage{tier: place.Tier, next: salvagePlace{Tier: place.Tier + 1}}
	over := Span{
		From: max(place.From, view.Tiers[place.Tier].Floor), Until: math.MaxInt64, Sketches: true,
	}
	switch {
	case len(view.Series) == 0:
		return page, nil
	case place.Tier == Raw:
		return page, page.readSamples(view, over)
	default:
		return page, page.readBuckets(ctx, view, over)
	}
}

// How much a step takes: so many samples, or so many buckets, one a series where there are more
// series.
const (
	salvageSamples = 20_000
	salvageBuckets = 2000
)

// salvagePage is what one step takes.
type salvagePage struct {
	tier Granularity
	rows []Bucket
	next salvagePlace
}

func (p *salvagePage) readSamples(view *Snapshot, over Span) (err error) {
	scan := &sampleScan{
		Snapshot: view, picked: pickSeries(view.Series), span: over,
		far: looking{salvageSamples, leastKeys},
	}
	for len(p.rows) == 0 && scan.span.From < scan.span.Until {
		if p.rows, err = scan.next(view.Context()); err != nil {
			return err
		}
	}
	if scan.span.From < scan.span.Until {
		p.next = salvagePlace{Tier: Raw, From: scan.span.From}
	}
	return nil
}

func (p *salvagePage) readBuckets(ctx context.Context, view *Snapshot, over Span) error {
	width := time.Duration(max(salvageBuckets/len(view.Series), 1)) * p.tier.Bucket()
	window, err := view.nextWindow(ctx, p.tier, over, width)
	if err != nil || window == (Span{}) {
		return err
	}
	p.rows, err = view.readWindow(ctx, p.tier, view.Series, window)
	p.next = salvagePlace{Tier: p.tier, From: window.Until}
	p.cut()
	return err
}

// cut leaves buckets to the next step where there are many: a bucket of states has a row for each.
func (p *salvagePage) cut() {
	for i := 2 * salvageBuckets; i < len(p.rows); i++ {
		if p.rows[i].TS != p.rows[i-1].TS {
			p.next.From = p.rows[i].TS
			p.rows = p.rows[:i]
			return
		}
	}
}
