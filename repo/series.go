package repo

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/wanstore/wanstore/db"
	"github.com/wanstore/wanstore/repo/internal/sqlite"
)

// Aggregation says how the samples of a series become one value a bucket.
type Aggregation string

const (
	// Average is the mean of the samples, for measurements.
	Average Aggregation = "avg"
	// Mode is the value that most samples had, the larger one of a tie, for states.
	Mode Aggregation = "mode"
)

// ErrAggregation says that the file already knows the metric with another aggregation.
var ErrAggregation = errors.New("the file knows the metric with another aggregation")

// errDamagedSeries says that the row of a series is damaged, and could not be mended.
var errDamagedSeries = errors.New("what the file says of the series is damaged")

// Key identifies a series. Labels is canonical JSON: sorted keys, {} when there are none.
type Key struct {
	MetricName string
	WANName    string
	Labels     string
}

// Series is a series that samples are appended to. What it knows of the file it learns from
// commits.
type Series struct {
	Key Key
	// Aggregation that was declared for the metric, or "" for what the file says, Average where it
	// says nothing.
	Aggregation Aggregation
	// Lenient says that the file may have another one, which then holds.
	Lenient bool

	id   int64 // 0 until a commit has made or found the row
	life *life // in which it has
	mode bool
}

// MetricAggregations returns the aggregation of every metric in the file.
//
// Errors: ErrDamaged, and those of the file system.
func (w *Writer) MetricAggregations(ctx context.Context) (map[string]Aggregation, error) {
	rows, err := w.q.ListMetricAggregations(ctx)
	if err != nil {
		return nil, sqlite.Failure(ctx, "read series of", w.path, err)
	}
	known := make(map[string]Aggregation, len(rows))
	for _, row := range rows {
		known[row.MetricName] = Aggregation(row.Aggregation)
	}
	return known, nil
}

// Keys returns what identifies each series of the file, in the order of their first samples.
//
// Errors: ErrDamaged, and those of the file system.
func (w *Writer) Keys(ctx context.Context) ([]Key, error) {
	rows, err := w.q.ListSeries(ctx)
	if err != nil {
		return nil, sqlite.Failure(ctx, "read series of", w.path, err)
	}
	keys := make([]Key, 0, len(rows))
	for _, row := range rows {
		if row.Sound == 0 {
			continue
		}
		keys = append(keys, Key{MetricName: row.MetricName, WANName: row.WanName, Labels: row.Labels})
	}
	return keys, nil
}

// resolve finds or makes the row of a series, inside a write transaction.
func (w *Writer) resolve(ctx context.Context, s *Series, maxSeries int64) error {
	row, err := w.q.FindSeries(ctx, db.FindSeriesParams{
		MetricName: s.Key.MetricName, WanName: s.Key.WANName, Labels: s.Key.Labels,
	})
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return w.resolveNew(ctx, s, maxSeries)
	case err != nil:
		return err
	}
	return s.learn(row.ID, Aggregation(row.Aggregation))
}

// resolveNew makes the row of a series, unless there is one that is damaged.
func (w *Writer) resolveNew(ctx context.Context, s *Series, maxSeries int64) error {
	_, err := w.q.FindSeriesID(ctx, db.FindSeriesIDParams{
		MetricName: s.Key.MetricName, WanName: s.Key.WANName, Labels: s.Key.Labels,
	})
	switch {
	case err == nil:
		return errDamagedSeries
	case errors.Is(err, sql.ErrNoRows):
		return w.createSeries(ctx, s, maxSeries)
	default:
		return err
	}
}

func (w *Writer) createSeries(ctx context.Context, s *Series, maxSeries int64) error {
	// ids are given from 1 on, and no row is ever deleted: the largest one is their number
	count, err := w.q.LastSeriesID(ctx)
	if err != nil {
		return err
	}
	if maxSeries > 0 && count >= maxSeries {
		return ErrTooManySeries
	}
	aggregation, err := w.metricAggregation(ctx, s)
	if err != nil {
		return err
	}
	if s.disagrees(aggregation) {
		return s.conflict(aggregation)
	}
	id, err := w.q.CreateSeries(ctx, db.CreateSeriesParams{
		MetricName:  s.Key.MetricName,
		WanName:     s.Key.WANName,
		Labels:      s.Key.Labels,
		Aggregation: string(aggregation),
	})
	if err != nil {
		return err
	}
	if err := w.q.SealSeries(ctx, id); err != nil {
		return err
	}
	w.made = append(w.made, s.Key.MetricName)
	return s.learn(id, aggregation)
}

// MadeMetrics returns the metrics that series have been made of since the last call, each once for
// a series.
func (w *Writer) MadeMetrics() []string {
	made := w.made
	w.made = nil
	return made
}

// metricAggregation is what the other series of the metric have, else what was declared, else
// Average.
func (w *Writer) metricAggregation(ctx context.Context, s *Series) (Aggregation, error) {
	known, err := w.q.FindMetricAggregation(ctx, s.Key.MetricName)
	switch {
	case err == nil:
		return Aggregation(known), nil
	case !errors.Is(err, sql.ErrNoRows):
		return "", err
	case s.Aggregation != "":
		return s.Aggregation, nil
	default:
		return Average, nil
	}
}

func (s *Series) learn(id int64, aggregation Aggregation) error {
	if s.disagrees(aggregation) {
		return s.conflict(aggregation)
	}
	s.id = id
	s.mode = aggregation == Mode
	return nil
}

func (s *Series) disagrees(known Aggregation) bool {
	return s.Aggregation != "" && s.Aggregation != known && !s.Lenient
}

func (s *Series) conflict(known Aggregation) error {
	return fmt.Errorf("%w: %s is %s there, declared here as %s", ErrAggregation, s.Key.MetricName,
		known, s.Aggregation)
}

// life is what a writer may remember of its file, from the moment it is opened until it is closed
// or renewed.
type life struct{ _ byte }

// forget takes back what was learned in a transaction that failed.
func (s *Series) forget() { s.id = 0 }
