package repo

import (
	"context"
	"database/sql"
	"time"

	"github.com/wanstore/wanstore/db"
	"github.com/wanstore/wanstore/repo/internal/functions"
	"github.com/wanstore/wanstore/repo/internal/leaves"
	"github.com/wanstore/wanstore/repo/internal/seal"
)

// columns reads the columns of a row, one after the other. Those that an earlier version did not
// have are NULL.
type columns struct {
	values []leaves.Value
	next   int
	chk    sql.NullInt64
}

func (c *columns) value() (v leaves.Value) {
	if c.next < len(c.values) {
		v = c.values[c.next]
	}
	c.next++
	return v
}

func (c *columns) integer() int64 { return c.value().Int }
func (c *columns) real() float64  { return c.value().Real }
func (c *columns) text() string   { return string(c.value().Bytes) }
func (c *columns) blob() []byte   { return notNull(c.value().Bytes) }

// place is the tier that a row is of, and its span.
func (c *columns) place(table string) (granularity string, from, until Micros) {
	read := columns{values: c.values}
	switch table {
	case "raw_blocks":
		moment := Micros(read.integer() % partKeys)
		return Raw.String(), moment, Micros(read.integer())
	case "raw_samples":
		ts := Micros(read.integer())
		return Raw.String(), ts, ts
	case "rollups", "state_rollups":
		granularity = read.text()
		read.integer()
		ts, width := Micros(read.integer()), time.Duration(0)
		if g, err := ParseGranularity(granularity); err == nil {
			width = g.Bucket()
		}
		return granularity, ts, ts.Add(width - time.Microsecond)
	case "sketches": // within the bucket that it is of
		granularity, _, ts := functions.SketchPlace(read.integer())
		return granularity, Micros(ts), Micros(ts)
	default:
		return "", 0, 0
	}
}

// fillers put a row into its table, and say whether it was not there.
var fillers = map[string]func(context.Context, *db.Queries, *columns) (int64, error){
	"series": func(ctx context.Context, q *db.Queries, c *columns) (int64, error) {
		return q.FillSeries(ctx, db.FillSeriesParams{
			ID: c.integer(), MetricName: c.text(), WanName: c.text(), Labels: c.text(),
			Aggregation: c.text(), Chk: c.chk,
		})
	},
	"metric_metadata": func(ctx context.Context, q *db.Queries, c *columns) (int64, error) {
		return q.FillMetricMetadata(ctx, db.FillMetricMetadataParams{
			MetricName: c.text(), Help: c.text(), Unit: c.text(), States: c.text(), Percentiles: c.integer(),
			Chk: c.chk,
		})
	},
	"raw_blocks": func(ctx context.Context, q *db.Queries, c *columns) (int64, error) {
		return q.FillBlock(ctx, db.FillBlockParams{
			ID: c.integer(), LastTs: c.integer(), Count: c.integer(), Payload: c.text(), Chk: c.chk,
		})
	},
	"raw_samples": func(ctx context.Context, q *db.Queries, c *columns) (int64, error) {
		return q.FillSample(ctx,
			db.FillSampleParams{Ts: c.integer(), SeriesID: c.integer(), Value: c.real(), Chk: c.chk})
	},
	"rollups": fillRollup,
	"sketches": func(ctx context.Context, q *db.Queries, c *columns) (int64, error) {
		return q.FillSketch(ctx,
			db.FillSketchParams{ID: c.integer(), Sketch: c.blob(), Chk: c.chk})
	},
	"state_rollups": func(ctx context.Context, q *db.Queries, c *columns) (int64, error) {
		return q.FillStateRollup(ctx, db.FillStateRollupParams{
			Granularity: c.text(), SeriesID: c.integer(), Ts: c.integer(), Value: c.real(),
			Count: c.integer(),
			Total: c.integer(), Chk: c.chk,
		})
	},
	"tiers": func(ctx context.Context, q *db.Queries, c *columns) (int64, error) {
		return q.FillTier(ctx, db.FillTierParams{
			Granularity: c.text(), Watermark: c.integer(), Floor: c.integer(), Keep: c.integer(), Chk: c.chk,
		})
	},
	"clock": func(ctx context.Context, q *db.Queries, c *columns) (int64, error) {
		c.integer() // its id
		return q.FillClock(ctx, db.FillClockParams{
			Trusted: c.integer(), Doubted: c.integer(), Seen: c.integer(), Chk: c.chk,
		})
	},
	"imports": func(ctx context.Context, q *db.Queries, c *columns) (int64, error) {
		return q.FillImport(ctx, db.FillImportParams{
			ID: c.integer(), Source: c.text(), Format: c.text(), Bytes: c.integer(), Lines: c.integer(),
			LastID: c.integer(), Second: c.integer(), Aggregated: c.integer(), Hash: c.blob(),
			NewestID: c.integer(), NewestHash: c.blob(), Updated: c.integer(), Chk: c.chk,
		})
	},
	"salvages": func(ctx context.Context, q *db.Queries, c *columns) (int64, error) {
		return q.FillSalvage(ctx, db.FillSalvageParams{
			ID: c.integer(), Source: c.text(), Hash: c.blob(), Successor: c.integer(), Place: c.text(),
			Report: c.text(), Ended: c.integer(), Chk: c.chk,
		})
	},
}

// fillRollup puts in a bucket. In version 3 it has its sketch, and a check value of both.
func fillRollup(ctx context.Context, q *db.Queries, c *columns) (int64, error) {
	bucket := db.FillRollupParams{
		Granularity: c.text(), SeriesID: c.integer(), Ts: c.integer(), Count: c.integer(),
		Sum: c.real(), Min: c.real(), Max: c.real(), Chk: c.chk,
	}
	if values := c.value(); values.Kind == leaves.Blob {
		var row seal.Row
		row.Begin("rollups").Text(bucket.Granularity).Integer(bucket.SeriesID).Integer(bucket.Ts).
			Integer(bucket.Count).Real(bucket.Sum).Real(bucket.Min).Real(bucket.Max)
		bucket.Chk.Int64 = row.Sum()
		if err := fillSketchOf(ctx, q, bucket, values.Bytes); err != nil {
			return 0, err
		}
	}
	return q.FillRollup(ctx, bucket)
}

func fillSketchOf(
	ctx context.Context, q *db.Queries, bucket db.FillRollupParams, bytes []byte,
) error {
	id, ok := functions.SketchID(bucket.Granularity, bucket.SeriesID, bucket.Ts)
	if !ok {
		return nil
	}
	var row seal.Row
	row.Begin("sketches").Integer(id).Bytes(bytes)
	_, err := q.FillSketch(ctx, db.FillSketchParams{
		ID: id, Sketch: bytes, Chk: sql.NullInt64{Int64: row.Sum(), Valid: bucket.Chk.Valid},
	})
	return err
}
