package repo

import (
	"context"

	"github.com/wanstore/wanstore/db"
	"github.com/wanstore/wanstore/repo/internal/seal"
	"github.com/wanstore/wanstore/repo/internal/sqlite"
)

// metadataTable is the table as the log of unsound rows names it.
const metadataTable = "metric_metadata"

// MetricMetadata is what a program has declared of a metric, so that every program shows it.
type MetricMetadata struct {
	MetricName  string
	Help        string
	Unit        string
	States      string // a JSON object that names values
	Percentiles bool
}

// DeclareMetrics writes what choose returns, when it is given what the file says of each metric, by
// its name. A row that is not as it was written is as if it were not there.
//
// Errors: ErrBusy, ErrDiskFull, ErrDamaged, and those of the file system.
func (w *Writer) DeclareMetrics(
	ctx context.Context, choose func(map[string]MetricMetadata) []MetricMetadata,
) error {
	return w.update(ctx, "declare metrics in", func() error {
		w.unsound.ForgetTable(metadataTable)
		rows, err := w.q.ListMetricMetadata(ctx)
		if err != nil {
			return err
		}
		known := make(map[string]MetricMetadata, len(rows))
		for _, row := range rows {
			known[row.MetricName] = metadataOf(row)
		}
		for _, metric := range choose(known) {
			if err := w.q.SetMetricMetadata(ctx, metric.params()); err != nil {
				return err
			}
		}
		return nil
	})
}

// DeclaredMetric is a metric that a program has declared.
type DeclaredMetric struct {
	MetricMetadata

	Aggregation Aggregation // "" where the metric has no series yet
}

// DeclaredMetrics returns the metrics that programs have declared.
//
// Errors: that of ctx, ErrDamaged, and those of the file system.
func (r *Reader) DeclaredMetrics(ctx context.Context) ([]DeclaredMetric, error) {
	metrics, err := declaredMetrics(ctx, r.q, r.unsound)
	return metrics, sqlite.Failure(ctx, "read metrics of", r.path, err)
}

// DeclaredMetrics returns the metrics that programs have declared.
//
// Errors: as for Scan.
func (s *Snapshot) DeclaredMetrics(ctx context.Context) ([]DeclaredMetric, error) {
	metrics, err := declaredMetrics(ctx, s.q, s.unsound)
	return metrics, sqlite.Failure(ctx, "read metrics of", s.path, err)
}

func declaredMetrics(
	ctx context.Context, q *db.Queries, log *seal.Log,
) ([]DeclaredMetric, error) {
	log.ForgetTable(metadataTable) // a writer may have mended it since
	rows, err := q.ListMetricMetadata(ctx)
	if err != nil {
		return nil, err
	}
	metrics := make([]DeclaredMetric, 0, len(rows))
	for _, row := range rows {
		metrics = append(metrics, DeclaredMetric{metadataOf(row), Aggregation(row.Aggregation)})
	}
	return metrics, nil
}

func metadataOf(row db.ListMetricMetadataRow) MetricMetadata {
	return MetricMetadata{
		MetricName: row.MetricName, Help: row.Help, Unit: row.Unit, States: row.States,
		Percentiles: row.Percentiles != 0,
	}
}

func (m MetricMetadata) params() db.SetMetricMetadataParams {
	return db.SetMetricMetadataParams{
		MetricName: m.MetricName, Help: m.Help, Unit: m.Unit, States: m.States,
		Percentiles: number(m.Percentiles),
	}
}
