package repo

import (
	"context"
	"database/sql"
	"errors"
	"math"

	"github.com/wanstore/wanstore/db"
	"github.com/wanstore/wanstore/repo/internal/functions"
)

// The raw tier is two tables: raw_blocks has what commits brought, raw_samples what no block has.
// The key of a block is that of its part and a moment.
const (
	partKeys   = functions.PartKeys
	partSeries = 256 // series of a part
	mostParts  = 922 // beyond, keys overflow

	// blockSpan is less than what a block covers, in microseconds, and mostBump how far its key is
	// from its first sample.
	blockSpan = 60_000_000
	mostBump  = 1000
)

// hasKey says that a sample can be in a block.
func hasKey(ts Micros, series int64) bool {
	return ts >= 0 && ts < partKeys-mostBump && series >= 0 && series < mostParts*partSeries
}

// reach is the range of moments, in the keys of a part, of the blocks that may have samples of a
// span.
func reach(s span) (first, last int64) {
	first = max(int64(s.from), blockSpan+mostBump) - blockSpan - mostBump
	last = max(min(int64(s.until), partKeys-mostBump), -mostBump) + mostBump
	return min(first, partKeys), last
}

// listParts returns the parts that have blocks, and the same as a JSON array.
func listParts(ctx context.Context, q *db.Queries) ([]int64, string, error) {
	parts, err := q.ListParts(ctx)
	if err != nil {
		return nil, "", err
	}
	return parts, jsonArray(parts), nil
}

// firstRaw returns the moment at which the raw tier begins from a moment on, or -1 where it has
// nothing. That of a block may be up to a millisecond late, and is early where what the block has
// at its beginning lies before from.
func firstRaw(ctx context.Context, q *db.Queries, parts []int64, from Micros) (Micros, error) {
	first, found := Micros(math.MaxInt64), false
	ts, err := q.FirstSampleTime(ctx, int64(from))
	switch {
	case err == nil:
		first, found = Micros(ts), true
	case !errors.Is(err, sql.ErrNoRows):
		return 0, err
	}
	for _, part := range parts {
		low, _ := reach(span{from: from})
		rows, err := q.PackBlockKeys(ctx, db.PackBlockKeysParams{
			FromID: part*partKeys + low, UntilID: (part + 1) * partKeys, FromTs: int64(from), MaxRows: 1,
		})
		if err != nil {
			return 0, err
		}
		if block := packed(rows); len(block) > 0 {
			first, found = min(first, max(Micros(block.integer()-part*partKeys), from)), true
		}
	}
	if !found {
		return -1, nil
	}
	return first, nil
}

// lastRaw returns the moment of the newest sample of the raw tier, or sql.ErrNoRows if it has none
// from a moment on.
func lastRaw(ctx context.Context, q *db.Queries, parts string, from Micros) (Micros, error) {
	inBlocks, err := q.LastMomentInBlocks(ctx,
		db.LastMomentInBlocksParams{Parts: parts, FromTs: int64(from)})
	if err != nil {
		return 0, err
	}
	inRows, err := q.LastSampleTime(ctx, int64(from))
	if errors.Is(err, sql.ErrNoRows) && inBlocks >= 0 {
		return Micros(inBlocks), nil
	}
	return Micros(max(inBlocks, inRows)), err
}

// countRaw counts the samples that the raw tier has in a span.
func countRaw(ctx context.Context, q *db.Queries, parts string, s span) (int64, error) {
	first, last := reach(s)
	inBlocks, err := q.CountSamplesInBlocks(ctx, db.CountSamplesInBlocksParams{
		Parts: parts, FromTs: int64(s.from), UntilTs: int64(s.until), First: first, Last: last,
	})
	if err != nil {
		return 0, err
	}
	inRows, err := q.CountSamples(ctx,
		db.CountSamplesParams{FromTs: int64(s.from), UntilTs: int64(s.until)})
	return inBlocks + inRows, err
}
