package repo

import (
	"context"
	"errors"
	"math"

	"github.com/wanstore/wanstore/db"
)

// ErrPushMoved reports that the file knows another place than the one that a change goes on from:
// it is another file, an older copy, or somebody else sends to the same target.
var ErrPushMoved = errors.New("the place reached with this target is another one in the file")

// PushTarget is what a file knows of a target: a receiver, and what series are called there.
type PushTarget struct {
	Name     string
	Revision int64  // one more with each change, 0 where the file does not know the target
	Begun    Micros // where what is to be sent begins
	Report   string // what its sender keeps beside, as JSON
	Changed  int64  // samples that joined a bucket which had been sent
	Sent     []PushInterval
}

// PushInterval is a stretch of time, [From, Until), whose buckets of a tier a target has been sent.
type PushInterval struct {
	Granularity Granularity
	From, Until Micros
	Sent        Micros // when the last part was; 0 while that is under way
	Confirmed   Micros // when the target was seen to have everything, 0 until then
	Audits      int64  // how often it was asked for everything
}

// UnsentBuckets are buckets of a series in an hour that are to be sent although an interval of
// their time was sent. Of raw samples they are minutes.
type UnsentBuckets struct {
	Hour        Micros
	Granularity Granularity
	SeriesID    int64 // 0 for all series, of raw samples
	Minutes     int64 // bit n: the bucket that begins n minutes later
}

// ParkedSamples are samples of a series in an hour that a target does not take.
type ParkedSamples struct {
	Hour        Micros
	Granularity Granularity
	SeriesID    int64
	Name        string // of the metric at the target
	Samples     int64
	Reason      string
	Refused     Micros // when, the last of them
}

// PushChange is what one transaction does to what a file knows of a target.
type PushChange struct {
	Target   string
	Revision int64 // that it goes on from
	Begun    Micros
	Report   string

	Removed, Added  []PushInterval // in this order
	Cleared, Marked []UnsentBuckets
	Parked          []ParkedSamples
	ParkedFrom      Micros // what was parked of before is forgotten
}

// ChangePush makes a change in one transaction, which raises the revision by one.
//
// Errors: ErrPushMoved, ErrBusy, ErrDiskFull, ErrDamaged, and those of the file system.
func (w *Writer) ChangePush(ctx context.Context, change PushChange) error {
	return w.update(ctx, "push", func() error {
		revision, err := w.q.GetPushRevision(ctx, change.Target)
		if err != nil {
			return err
		}
		if revision != change.Revision {
			return ErrPushMoved
		}
		if revision == 0 {
			if err := w.forgetTarget(ctx, change.Target); err != nil {
				return err
			}
		}
		if err := w.changeIntervals(ctx, change); err != nil {
			return err
		}
		if err := w.changeUnsent(ctx, change); err != nil {
			return err
		}
		if err := w.park(ctx, change); err != nil {
			return err
		}
		if err := w.q.SetPushTarget(ctx, db.SetPushTargetParams{
			Target: change.Target, Begun: int64(change.Begun), Revision: revision + 1,
			Report: change.Report,
		}); err != nil {
			return err
		}
		return w.q.SealPushTarget(ctx, change.Target)
	})
}

// ForgetPush has the file forget a target, in one transaction. It does nothing for one that the
// file does not know.
//
// Errors: ErrBusy, ErrDiskFull, ErrDamaged, and those of the file system.
func (w *Writer) ForgetPush(ctx context.Context, target string) error {
	return w.update(ctx, "push", func() error {
		if err := w.forgetTarget(ctx, target); err != nil {
			return err
		}
		return w.q.ForgetPushTarget(ctx, target)
	})
}

// forgetTarget forgets all of a target but its own row.
func (w *Writer) forgetTarget(ctx context.Context, target string) error {
	if err := w.q.ForgetPushIntervals(ctx, target); err != nil {
		return err
	}
	if err := w.q.ForgetAllUnsent(ctx, target); err != nil {
		return err
	}
	return w.q.ForgetParked(ctx, db.ForgetParkedParams{Target: target, Before: math.MaxInt64})
}

func (w *Writer) changeIntervals(ctx context.Context, change PushChange) error {
	for _, i := range change.Removed {
		if err := w.q.ForgetPushInterval(ctx, db.ForgetPushIntervalParams{
			Target: change.Target, Granularity: i.Granularity.String(), FromTs: int64(i.From),
		}); err != nil {
			return err
		}
	}
	for _, i := range change.Added {
		if err := w.q.SetPushInterval(ctx, db.SetPushIntervalParams{
			Target: change.Target, Granularity: i.Granularity.String(),
			FromTs: int64(i.From), UntilTs: int64(i.Until),
			Sent: int64(i.Sent), Confirmed: int64(i.Confirmed), Audits: i.Audits,
		}); err != nil {
			return err
		}
	}
	return nil
}

func (w *Writer) changeUnsent(ctx context.Context, change PushChange) error {
	for _, u := range change.Cleared {
		if err := w.q.ClearUnsent(ctx, db.ClearUnsentParams{
			Minutes: u.Minutes, Target: change.Target, Hour: int64(u.Hour),
			Granularity: u.Granularity.String(), SeriesID: u.SeriesID,
		}); err != nil {
			return err
		}
		if err := w.q.ForgetUnsent(ctx, db.ForgetUnsentParams{
			Target: change.Target, Hour: int64(u.Hour), Granularity: u.Granularity.String(),
			SeriesID: u.SeriesID,
		}); err != nil {
			return err
		}
	}
	for _, u := range change.Marked {
		if err := w.q.MarkUnsent(ctx, db.MarkUnsentParams{
			Target: change.Target, Hour: int64(u.Hour), Granularity: u.Granularity.String(),
			SeriesID: u.SeriesID, Minutes: u.Minutes,
		}); err != nil {
			return err
		}
	}
	return nil
}

func (w *Writer) park(ctx context.Context, change PushChange) error {
	for _, p := range change.Parked {
		if err := w.q.ParkSamples(ctx, db.ParkSamplesParams{
			Target: change.Target, Hour: int64(p.Hour), Granularity: p.Granularity.String(),
			SeriesID: p.SeriesID, Name: p.Name, Samples: p.Samples, Reason: p.Reason,
			Refused: int64(p.Refused),
		}); err != nil {
			return err
		}
		if err := w.q.SealParked(ctx, db.SealParkedParams{
			Target: change.Target, Hour: int64(p.Hour), Granularity: p.Granularity.String(),
			SeriesID: p.SeriesID, Name: p.Name,
		}); err != nil {
			return err
		}
	}
	return w.q.ForgetParked(ctx,
		db.ForgetParkedParams{Target: change.Target, Before: int64(change.ParkedFrom)})
}
