package repo

import (
	"context"

	"github.com/wanstore/wanstore/db"
	"github.com/wanstore/wanstore/repo/internal/functions"
	"github.com/wanstore/wanstore/repo/internal/seal"
)

// addSketches adds to buckets of a series, which come in the order of time, the sketches that are
// sound.
func (s *Snapshot) addSketches(
	ctx context.Context, buckets []Bucket, g Granularity, id int64,
) error {
	if len(buckets) == 0 {
		return nil
	}
	until := buckets[len(buckets)-1].TS + 1
	first, last := functions.SketchIDs(g.String(), id, int64(buckets[0].TS), int64(until))
	blob, err := s.q.PackSketches(ctx, db.PackSketchesParams{First: first, Last: last})
	if err != nil {
		return err
	}
	var row seal.Row
	for rows, before := packed(blob), int64(-1); len(rows) > 0; {
		key, sketch := rows.integer(), rows.bytes()
		row.Begin("sketches").Integer(key).Bytes(sketch)
		_, _, ts := functions.SketchPlace(key)
		if !rows.isSound(&row) {
			s.noteBucket("sketches", g, Micros(ts), id)
			continue
		}
		if key <= before {
			return errDisorder("sketches")
		}
		before = key
		for len(buckets) > 0 && buckets[0].TS < Micros(ts) {
			buckets = buckets[1:]
		}
		if len(buckets) > 0 && buckets[0].TS == Micros(ts) && len(sketch) > 0 {
			buckets[0].Sketch = sketch
		}
	}
	return nil
}
