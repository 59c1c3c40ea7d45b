package service

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/wanstore/wanstore/repo"
)

// ErrDeliveryMoved reports that the file knows another place than the one that a change continues:
// it is another file, an older copy, or another process sends to the same target.
var ErrDeliveryMoved = repo.ErrPushMoved

// ErrDeliveryLocked reports that another process sends the history to the same target.
var ErrDeliveryLocked = repo.ErrPushLocked

// Delivery is how far a target has been sent the history, as the file has it. A target is a
// receiver and what series are called there.
type Delivery struct {
	Target string
	// Revision tells whether somebody else has changed it: each change makes it one more. It is 0
	// where the file does not know the target.
	Revision int64
	Begun    time.Time // where what is to be sent begins
	Report   string    // what the sender keeps beside, as JSON
	Sent     []SentInterval
	Changed  int64 // samples that joined a bucket after it had been sent
}

// SentInterval is a stretch of time, [From, Until), whose buckets of one granularity a target has
// been sent.
type SentInterval struct {
	Granularity Granularity
	From, Until time.Time
	Sent        time.Time // when the last part was; zero while that is under way
	Confirmed   time.Time // when the target was seen to have everything, zero until then
	Audits      int       // how often it has been asked for everything
}

// UnsentBuckets are buckets of one series in one hour that a target has to be sent although an
// interval of their time was sent: they came later, or were found missing. Of raw samples they are
// whole minutes.
type UnsentBuckets struct {
	Granularity Granularity
	SeriesID    int64     // 0 for all series, of raw samples
	Hour        time.Time // where the hour begins
	Minutes     uint64    // bit n: the bucket that begins n minutes later
}

// ParkedSamples are samples of one series at the receiver, in one hour, that the receiver does not
// take.
type ParkedSamples struct {
	Granularity Granularity
	SeriesID    int64
	Name        string    // of the metric at the receiver
	Hour        time.Time // where the hour begins
	Samples     int64
	Reason      string    // the receiver's words
	Refused     time.Time // when, the last of them
}

// DeliveryChange is what one transaction does to a Delivery.
type DeliveryChange struct {
	Target   string
	Revision int64 // that it goes on from
	Begun    time.Time
	Report   string

	Removed, Added  []SentInterval // in this order
	Cleared, Marked []UnsentBuckets
	Parked          []ParkedSamples
	ParkedFrom      time.Time // what was parked of before is forgotten
}

// Deliver makes a change of a Delivery in one transaction, which makes its revision one more. It
// blocks until that is committed.
//
// Errors: ErrDeliveryMoved, ErrClosed, ErrBusy, ErrDiskFull, ErrDamaged, those of the file system,
// and that of ctx.
func (w *Writer) Deliver(ctx context.Context, change DeliveryChange) error {
	stored := repo.PushChange{
		Target: change.Target, Revision: change.Revision, Begun: instant(change.Begun),
		Report: change.Report, ParkedFrom: instant(change.ParkedFrom),
		Removed: storedIntervals(change.Removed), Added: storedIntervals(change.Added),
		Cleared: storedUnsent(change.Cleared), Marked: storedUnsent(change.Marked),
	}
	for _, p := range change.Parked {
		stored.Parked = append(stored.Parked, repo.ParkedSamples{
			Granularity: repo.Granularity(p.Granularity), SeriesID: p.SeriesID, Name: p.Name,
			Hour: instant(p.Hour), Samples: p.Samples, Reason: p.Reason, Refused: instant(p.Refused),
		})
	}
	return w.do(ctx, func(ctx context.Context, l *loop) error {
		err := l.store.ChangePush(ctx, stored)
		if !errors.Is(err, ErrDeliveryMoved) { // which is for the sender to go on from
			l.outcome(maintaining, err)
		}
		return err
	})
}

// ForgetDelivery has the file forget a target, as if it had never been sent anything. Nobody may be
// sending to it: the caller holds its lock. It does nothing for a target that the file does not
// know, and blocks until the change is committed.
//
// Errors: those of Deliver but ErrDeliveryMoved.
func (w *Writer) ForgetDelivery(ctx context.Context, target string) error {
	return w.do(ctx, func(ctx context.Context, l *loop) error {
		err := l.store.ForgetPush(ctx, target)
		l.outcome(maintaining, err)
		return err
	})
}

// LockDelivery takes the lock by which one process at a time sends a history to a target. The
// system gives it up when the process ends, however it does; Close gives it up before.
//
// Errors: ErrDeliveryLocked, and those of the file system.
func (w *Writer) LockDelivery(ctx context.Context, target string) (io.Closer, error) {
	return repo.LockPush(ctx, w.Path(), target)
}

// Deliveries returns how far the history has been sent, to each target in the order of their names.
//
// Errors: ErrReadTooLong, ErrDamaged, those of the file system, and that of ctx.
func (s *Snapshot) Deliveries(ctx context.Context) ([]Delivery, error) {
	ctx, done := s.during(ctx)
	defer done()
	targets, err := s.view.snapshot.PushTargets(ctx)
	var list []Delivery
	for _, t := range targets {
		one := Delivery{
			Target: t.Name, Revision: t.Revision, Begun: t.Begun.Time(), Report: t.Report,
			Changed: t.Changed,
		}
		for _, i := range t.Sent {
			one.Sent = append(one.Sent, SentInterval{
				Granularity: Granularity(i.Granularity), From: i.From.Time(), Until: i.Until.Time(),
				Sent: moment(i.Sent), Confirmed: moment(i.Confirmed), Audits: int(i.Audits),
			})
		}
		list = append(list, one)
	}
	return list, err
}

// Unsent returns what a target has to be sent of the hours that begin in [from, until), although an
// interval of its time was sent: the oldest first, so many rows at the most, or all if most is
// negative.
//
// Errors: ErrReadTooLong, ErrDamaged, those of the file system, and that of ctx.
func (s *Snapshot) Unsent(
	ctx context.Context, target string, from, until time.Time, most int,
) ([]UnsentBuckets, error) {
	ctx, done := s.during(ctx)
	defer done()
	rows, err := s.view.snapshot.Unsent(ctx, target, instant(from), instant(until), most)
	var list []UnsentBuckets
	for _, u := range rows {
		list = append(list, UnsentBuckets{
			Granularity: Granularity(u.Granularity), SeriesID: u.SeriesID, Hour: u.Hour.Time(),
			Minutes: uint64(u.Minutes),
		})
	}
	return list, err
}

// Parked returns what a target does not take of the hours that begin in [from, until), the oldest
// first, so many rows at the most, or all if most is negative.
//
// Errors: ErrReadTooLong, ErrDamaged, those of the file system, and that of ctx.
func (s *Snapshot) Parked(
	ctx context.Context, target string, from, until time.Time, most int,
) ([]ParkedSamples, error) {
	ctx, done := s.during(ctx)
	defer done()
	rows, err := s.view.snapshot.Parked(ctx, target, instant(from), instant(until), most)
	var list []ParkedSamples
	for _, p := range rows {
		list = append(list, ParkedSamples{
			Granularity: Granularity(p.Granularity), SeriesID: p.SeriesID, Name: p.Name,
			Hour: p.Hour.Time(), Samples: p.Samples, Reason: p.Reason, Refused: p.Refused.Time(),
		})
	}
	return list, err
}

// instant is the moment of a file, 0 for the zero time.
func instant(t time.Time) repo.Micros {
	if t.IsZero() {
		return 0
	}
	return repo.MicrosOf(t)
}

func storedIntervals(list []SentInterval) []repo.PushInterval {
	var stored []repo.PushInterval
	for _, i := range list {
		stored = append(stored, repo.PushInterval{
			Granularity: repo.Granularity(i.Granularity), From: instant(i.From), Until: instant(i.Until),
			Sent: instant(i.Sent), Confirmed: instant(i.Confirmed), Audits: int64(i.Audits),
		})
	}
	return stored
}

func storedUnsent(list []UnsentBuckets) []repo.UnsentBuckets {
	var stored []repo.UnsentBuckets
	for _, u := range list {
		stored = append(stored, repo.UnsentBuckets{
			Granularity: repo.Granularity(u.Granularity), SeriesID: u.SeriesID, Hour: instant(u.Hour),
			Minutes: int64(u.Minutes),
		})
	}
	return stored
}
