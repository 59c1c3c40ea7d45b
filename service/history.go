package service

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/wanstore/wanstore/repo"
)

// ErrQuery reports a query that makes no sense.
var ErrQuery = errors.New("bad query")

// ReadLimit is how long one question to a history may take, a minute from the moment at which it
// has a connection to the file. A reader that went on for ever would keep SQLite from restarting
// its WAL, and fill the disk.
const ReadLimit time.Duration = repo.ReadLimit

// ErrReadTooLong reports a question that has taken longer than ReadLimit, or than two seconds while
// the WAL is larger than 64 MiB because readers that overlap have kept it from restarting. In the
// process of a writer with Config.MaxSize, three sixteenths of the cap are too large, 5 MiB at
// most.
var ErrReadTooLong = repo.ErrReadTooLong

// History reads a history file, which a writer in this process or another may be writing. It is
// safe for any number of goroutines. Its methods block while they read the file, and end when their
// context is done.
type History struct {
	reader *repo.Reader
}

// OpenHistory opens the file at path for reading. It makes and changes nothing but, beside a
// history that nobody has open, SQLite's -wal and -shm. Where these cannot be made, on a read-only
// or full file system or in a directory of somebody else, it goes without: what is then read while
// the file is being written ends with ErrBusy.
//
// Errors: ErrNoPath, ErrMissing, ErrEmpty, ErrDirectory, ErrNotDatabase, ErrForeign, ErrTooNew,
// ErrOtherName,
// ErrDamaged, and those of the file system.
func OpenHistory(ctx context.Context, path string) (*History, error) {
	reader, err := repo.OpenReader(ctx, path)
	if err != nil {
		return nil, err
	}
	reader.CrowdBy(func() int64 { return repo.CrowdedWALUnder(int64(writers.maxSize(reader.Path()))) })
	return &History{reader: reader}, nil
}

// Close closes the file. It may be called twice.
func (h *History) Close() error { return h.reader.Close() }

// Filter picks series. An empty field picks all.
type Filter struct {
	Metrics []string // the names of any of these metrics
	WAN     string   // the name of this WAN
	Labels  Labels   // all of these labels, whatever others a series has
}

// Query asks for the history of the series that Filter picks, in [From, Until).
type Query struct {
	Filter
	From  time.Time
	Until time.Time // the zero time is now
	// Step is the least width of a point, in whole microseconds; 0 asks for everything at the
	// finest granularity that still has it. Where only buckets are left that do not divide Step,
	// points are wider, by whole buckets: Point.Width says how wide. Whole days are those of Zone,
	// which have 23, 24 or 25 hours, and whole weeks begin on Mondays. The range begins with a
	// whole step, and where buckets answer it, it begins and ends with whole buckets; one that
	// begins with a day of Zone begins with the first bucket of that day.
	Step time.Duration
	// Months, if it is not 0, asks for steps of so many calendar months of Zone, counted from a
	// January. Step is 0 then.
	Months int
	// Zone is the zone whose days are meant; nil is UTC.
	Zone *time.Location
	// Only, if it is not nil, asks for the rows of one tier alone, each a point. Step and Months are 0
	// then.
	Only *Granularity
	// NewestFirst turns the order of time around.
	NewestFirst bool
	// Quantiles asks for the distribution of the samples of each point or summary.
	Quantiles bool
}

func (q Query) zone() *time.Location {
	if q.Zone == nil {
		return time.UTC
	}
	return q.Zone
}

// Stepped reports that a point speaks for a step, and not for a row.
func (q Query) Stepped() bool { return q.Step > 0 || q.Months > 0 }

// settled fills in what is not said, and refuses what makes no sense.
func (q Query) settled() (Query, error) {
	if q.Until.IsZero() {
		q.Until = time.Now()
	}
	return q, q.check()
}

func (q Query) check() error {
	switch {
	case !q.From.Before(q.Until):
		return fmt.Errorf("%w: the range from %s until %s is empty", ErrQuery,
			q.From.In(q.zone()).Format(time.RFC3339Nano), q.Until.In(q.zone()).Format(time.RFC3339Nano))
	case q.Step < 0 || q.Step%time.Microsecond != 0:
		return fmt.Errorf("%w: step %s: want a positive number of microseconds", ErrQuery, q.Step)
	case q.Months < 0 || q.Months > maxMonths:
		return fmt.Errorf("%w: %d months: want 0 to %d", ErrQuery, q.Months, maxMonths)
	case q.Months != 0 && q.Step != 0:
		return fmt.Errorf("%w: a step and months exclude each other", ErrQuery)
	case q.Only != nil && !q.Only.Valid():
		return fmt.Errorf("%w: %s: want raw, 1m, 5m or 1h", ErrQuery, *q.Only)
	case q.Only != nil && q.Stepped():
		return fmt.Errorf("%w: a step and a single granularity exclude each other", ErrQuery)
	}
	return nil
}

// Point is the history of one series in one stretch of time.
type Point struct {
	Time        time.Time     // where the stretch begins; of a raw sample its moment
	Width       time.Duration // of the stretch; 0 of a raw sample
	SeriesID    int64         // tells series of the file apart
	Metric      string
	WAN         string
	Labels      Labels // shared by all points of the series: not to be changed
	Aggregation Aggregation
	Value       float64 // the mean or, where the aggregation is Mode, the most frequent value
	Min, Max    float64
	Count       int64       // samples in it
	Granularity Granularity // the coarsest tier that it was made from
	// Distribution is nil where it was not asked for, of states, and where a bucket keeps no
	// sketch.
	Distribution *Distribution
}

// Range yields the points of a query in the order of time, or against it, and of one moment in the
// order in which their series were first seen. All come from one snapshot of the file. An error is
// the last thing that it yields. What the caller does with a point counts as reading: after
// ReadLimit, or sooner (see ErrReadTooLong), the snapshot is gone, and the next read fails.
//
// Errors: ErrQuery, ErrReadTooLong, ErrOtherName, ErrDamaged, those of the file system, and that of
// ctx.
func (h *History) Range(ctx context.Context, query Query) iter.Seq2[Point, error] {
	return func(yield func(Point, error) bool) {
		query, err := query.settled()
		if err != nil {
			yield(Point{}, err)
			return
		}
		more := true
		err = h.read(ctx, query.Filter, func(ctx context.Context, v *view) error {
			return v.points(ctx, query, newDistributions(query.Quantiles), func(p Point) bool {
				more = yield(p, nil)
				return more
			})
		})
		if err != nil && more {
			yield(Point{}, err)
		}
	}
}

// Latest returns the newest sample of every series that filter picks, each as a point of its own
// moment. A series of which the file holds nothing any more has none.
//
// Errors: ErrReadTooLong, ErrOtherName, ErrDamaged, those of the file system, and that of ctx.
func (h *History) Latest(ctx context.Context, filter Filter) ([]Point, error) {
	points := []Point{}
	err := h.read(ctx, filter, func(ctx context.Context, v *view) (err error) {
		points, err = v.latest(ctx)
		return err
	})
	return points, err
}

// read opens a view of the series that filter picks and closes it after f, which is given the
// context of the view.
func (h *History) read(
	ctx context.Context, filter Filter, f func(context.Context, *view) error,
) (err error) {
	snapshot, err := h.reader.Snapshot(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, snapshot.Close()) }()
	v, err := newView(snapshot, filter)
	if err != nil {
		return err
	}
	return f(snapshot.Context(), v)
}
