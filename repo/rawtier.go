package repo

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"math"
	"slices"

	"github.com/wanstore/wanstore/db"
	"github.com/wanstore/wanstore/repo/internal/functions"
)

// The raw tier is two tables: raw_blocks has what commits brought, raw_samples what no block has. The key of a block is
// that of its part and a moment.
const (
	partKeys   = functions.PartKeys
	partSeries = 256 // series of a part
	mostParts  = 922 // beyond, keys overflow

	// blockSpan is less than what a block covers, in microseconds, and mostBump how far its key is from its first sample.
	blockSpan = 60_000_000
	mostBump  = 1000

	// mostKeys is how many blocks of a part are looked at for where a step ends.
	mostKeys = 4096
)

// hasKey says that a sample can be in a block.
func hasKey(ts Micros, series int64) bool {
	return ts >= 0 && ts < partKeys-mostBump && series >= 0 && series < mostParts*partSeries
}

// reach is the range of moments, in the keys of a part, of the blocks that may have samples of a span.
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

// jsonArray is a list of numbers as the queries take it.
func jsonArray(list []int64) string {
	if len(list) == 0 {
		return "[]"
	}
	text, _ := json.Marshal(list) // numbers cannot fail
	return string(text)
}

// blockKey is a block without its payload.
type blockKey struct {
	id            int64
	moment, lastT Micros
	count         int64
}

// below says that all of the block lies below a floor. One that begins a minute before it does, whatever a damaged row
// says.
func (k blockKey) below(floor Micros) bool {
	return k.moment < floor && (k.lastT < floor || k.moment < floor-blockSpan-mostBump)
}

// blockKeys returns the first blocks of a part that may have samples of a span, or the last ones, in that order: so many
// at most.
func blockKeys(
	ctx context.Context, q *db.Queries, part int64, s span, most int64, backwards bool,
) (keys []blockKey, err error) {
	first, last := reach(s)
	params := db.PackBlockKeysParams{
		FromID: part*partKeys + first, UntilID: part*partKeys + last, FromTs: int64(s.from), MaxRows: most,
	}
	var rows packed
	if backwards {
		rows, err = q.PackBlockKeysBackwards(ctx, db.PackBlockKeysBackwardsParams(params))
	} else {
		rows, err = q.PackBlockKeys(ctx, params)
	}
	for len(rows) > 0 {
		key := blockKey{id: rows.integer(), lastT: Micros(rows.integer()), count: rows.integer()}
		rows.integer() // of no check value
		key.moment = Micros(key.id - part*partKeys)
		keys = append(keys, key)
	}
	return keys, err
}

// looking is how far a cut looks: at so many samples, more or less, and so many blocks of a part.
type looking struct{ samples, blocks int64 }

// cutRaw ends a span of the raw tier before it has many more samples of the given parts than wanted, in the middle of a
// minute if need be, but not at its beginning. What counts is what blocks say that they have. It returns how many of them
// are in the span.
func cutRaw(ctx context.Context, q *db.Queries, parts []int64, s span, far looking) (span, int64, error) {
	ts, err := q.NthSampleTime(ctx, db.NthSampleTimeParams{
		FromTs: int64(s.from), UntilTs: int64(s.until), Nth: far.samples,
	})
	switch {
	case err == nil:
		s.until = max(Micros(ts), s.from+1)
	case !errors.Is(err, sql.ErrNoRows):
		return s, 0, err
	}
	keys, until, err := keysOfParts(ctx, q, parts, s, far.blocks, false)
	if err != nil {
		return s, 0, err
	}
	s.until = max(until, s.from+1)
	slices.SortFunc(keys, func(a, b blockKey) int { return cmp.Compare(a.moment, b.moment) })
	n := far.within(keys)
	if n < len(keys) {
		s.until = max(min(s.until, keys[n].moment), s.from+1)
	}
	return s, int64(n), nil
}

// cutRawBackwards begins a span after what has many more samples of the given parts than wanted, counted from its end.
func cutRawBackwards(ctx context.Context, q *db.Queries, parts []int64, s span, far looking) (span, int64, error) {
	ts, err := q.NthSampleTimeBackwards(ctx, db.NthSampleTimeBackwardsParams{
		FromTs: int64(s.from), UntilTs: int64(s.until), Nth: far.samples,
	})
	switch {
	case err == nil:
		s.from = min(Micros(ts)+1, s.until-1)
	case !errors.Is(err, sql.ErrNoRows):
		return s, 0, err
	}
	keys, from, err := keysOfParts(ctx, q, parts, s, far.blocks, true)
	if err != nil {
		return s, 0, err
	}
	s.from = min(from, s.until-1)
	slices.SortFunc(keys, func(a, b blockKey) int { return cmp.Compare(b.moment, a.moment) })
	n := far.within(keys)
	if n < len(keys) {
		s.from = min(max(s.from, keys[n-1].moment), s.until-1)
	}
	return s, int64(n), nil
}

// within is how many blocks have the samples that are wanted: one at least, if there is any.
func (l looking) within(keys []blockKey) int {
	total := int64(0)
	for i, key := range keys {
		if total += max(key.count, 1); total > l.samples && i > 0 {
			return i
		}
	}
	return len(keys)
}

// keysOfParts returns the first blocks of a span of each part, or the last ones, and up to where, or from where, these
// are all.
func keysOfParts(
	ctx context.Context, q *db.Queries, parts []int64, s span, most int64, backwards bool,
) (all []blockKey, bound Micros, err error) {
	bound = s.until
	if backwards {
		bound = s.from
	}
	for _, part := range parts {
		keys, err := blockKeys(ctx, q, part, s, most, backwards)
		if err != nil {
			return nil, 0, err
		}
		all = append(all, keys...)
		if int64(len(keys)) < most {
			continue
		}
		if last := keys[len(keys)-1].moment; backwards {
			bound = max(bound, last)
		} else {
			bound = min(bound, last)
		}
	}
	return all, bound, nil
}

// firstRaw returns the moment at which the raw tier begins from a moment on, or -1 where it has nothing. That of a block
// may be up to a millisecond late, and is early where what the block has at its beginning lies before from.
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

// lastRaw returns the moment of the newest sample of the raw tier, or sql.ErrNoRows if it has none from a moment on.
func lastRaw(ctx context.Context, q *db.Queries, parts string, from Micros) (Micros, error) {
	inBlocks, err := q.LastMomentInBlocks(ctx, db.LastMomentInBlocksParams{Parts: parts, FromTs: int64(from)})
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
	inRows, err := q.CountSamples(ctx, db.CountSamplesParams{FromTs: int64(s.from), UntilTs: int64(s.until)})
	return inBlocks + inRows, err
}
