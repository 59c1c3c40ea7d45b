package push

import (
	"context"
	"time"

	"github.com/wanstore/wanstore/service"
)

// chunk is what is sent before the place reached is written down.
type chunk struct {
	granularity service.Granularity
	from, until time.Time // the buckets that begin in [from, until) are in it
	batch       batch
	alike       batch // what is not sent because another series has the same labels
	merged      int64 // raw samples that share their millisecond with another one
}

const (
	// chunkSamples is about how many samples a chunk has, unless a single bucket has more.
	chunkSamples = 10_000

	// chunkTime is about how long a chunk of a backlog takes at most: meanwhile the newest bucket
	// waits, and the end of the sender takes the chunk back.
	chunkTime = 10 * time.Second

	// partsOfBucket is about how many samples are made of a bucket.
	partsOfBucket = 4
)

// chunkSize is about how many samples a chunk has at a replay rate.
func chunkSize(rate int) int {
	return min(chunkSamples, rate*int(chunkTime/time.Second))
}

// gathering makes a chunk of buckets.
type gathering struct {
	catalog *catalog
	chunk   chunk
	runs    map[*derived]int // where in the batch each series is
	same    map[*derived]int // how many raw samples the last one was made from
	size    int
	wanted  func(service.Bucket) bool // nil for all
}

// gather reads what is to be sent of [from, until) at a granularity, or its beginning: about so
// many samples.
func (c *catalog) gather(
	ctx context.Context, view *service.Snapshot, g service.Granularity, from, until time.Time,
	samples int, wanted func(service.Bucket) bool,
) (chunk, error) {
	making := gathering{
		catalog: c, chunk: chunk{granularity: g, from: from, until: from}, wanted: wanted,
		runs: map[*derived]int{}, same: map[*derived]int{},
	}
	series, unit := view.Series(), unitOf(g, wanted)
	width := time.Duration(max(samples/partsOfBucket/max(len(series), 1), 1)) * unit
	for making.size < samples && making.chunk.until.Before(until) {
		window := service.BucketQuery{
			Series: series, Granularity: g, Sketches: c.naming.percentiles && g != service.Raw,
			From: making.chunk.until, Until: earlier(making.chunk.until.Add(width), until),
		}
		found, err := making.read(ctx, view, window)
		if err != nil {
			return chunk{}, err
		}
		making.chunk.until = window.Until
		if found || !window.Until.Before(until) {
			continue
		}
		if making.chunk.until, err = firstAfter(ctx, view, window, until, unit); err != nil {
			return chunk{}, err
		}
	}
	return making.chunk, nil
}

// unitOf is what the time of a chunk is a multiple of: a bucket or, of marked raw samples, the
// minutes that are marked as a whole.
func unitOf(g service.Granularity, wanted func(service.Bucket) bool) time.Duration {
	if wanted != nil {
		return max(g.Bucket(), time.Minute)
	}
	return max(g.Bucket(), 100*time.Millisecond)
}

// firstAfter returns where the unit begins that has the first bucket after a window, at the latest
// until: what is empty is passed over at once.
func firstAfter(
	ctx context.Context, view *service.Snapshot, after service.BucketQuery, until time.Time,
	unit time.Duration,
) (time.Time, error) {
	after.From, after.Until, after.Sketches = after.Until, until, false
	for b, err := range view.Buckets(ctx, after) {
		if err != nil {
			return until, err
		}
		return later(b.Time.Truncate(unit), after.From), nil
	}
	return until, nil
}

// read takes a window, and says whether there was anything in it.
func (g *gathering) read(
	ctx context.Context, view *service.Snapshot, window service.BucketQuery,
) (found bool, err error) {
	for b, failed := range view.Buckets(ctx, window) {
		if failed != nil {
			return found, failed
		}
		found = true
		if g.wanted == nil || g.wanted(b) {
			g.add(b)
		}
	}
	return found, nil
}

func (g *gathering) add(b service.Bucket) {
	tier := g.chunk.granularity
	stamp := stampOf(tier, b.Time)
	g.catalog.parts(tier, b, func(d *derived, value float64) {
		into := &g.chunk.batch
		if d.alike {
			into = &g.chunk.alike
		}
		at, known := g.runs[d]
		if !known {
			at = len(*into)
			g.runs[d] = at
			*into = append(*into, run{series: d})
		}
		of := &(*into)[at]
		if n := len(of.samples); n > 0 && of.samples[n-1].ts == stamp {
			g.merge(d, &of.samples[n-1], value)
			return
		}
		g.same[d] = 1
		of.samples = append(of.samples, sample{stamp, value})
		g.size++
	})
}

// merge makes the mean of raw samples of one millisecond; of states the last one stays.
func (g *gathering) merge(d *derived, into *sample, value float64) {
	g.chunk.merged++
	g.same[d]++
	if g.catalog.at(service.Raw)[d.series].info.Aggregation == service.Mode {
		into.value = value
		return
	}
	into.value += (value - into.value) / float64(g.same[d])
}

// stampOf is the moment under which a receiver gets a bucket, its last millisecond, in Unix
// milliseconds: so the windows of queries, which are (from, until], hold the buckets of [from,
// until).
func stampOf(g service.Granularity, at time.Time) int64 {
	if g == service.Raw {
		return at.UnixMilli()
	}
	return at.Add(g.Bucket()).UnixMilli() - 1
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
