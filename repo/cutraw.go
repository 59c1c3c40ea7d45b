package repo

import (
	"context"
	"database/sql"
	"errors"

	"github.com/wanstore/wanstore/db"
)

// looking is how far a cut looks: at so many samples, more or less, and so many blocks of a part.
type looking struct {
	samples int64
	blocks  int
}

// cutRaw ends a span of the raw tier before it has many more samples of the given parts than
// wanted, in the middle of a minute or of a block if need be, but not at its beginning. It returns
// how many blocks have samples in what is left.
func cutRaw(
	ctx context.Context, q *db.Queries, parts []int64, s span, far looking,
) (span, int, error) {
	s, err := cutSampleRows(ctx, q, s, far.samples)
	if err != nil {
		return s, 0, err
	}
	keys, until, err := firstKeys(ctx, q, parts, s, far.blocks)
	if err != nil {
		return s, 0, err
	}
	s.until = max(until, s.from+1)
	s = cutKeys(keys, s, far.samples)
	return s, blocksIn(keys, s), nil
}

// blocksIn is how many blocks have samples in a span.
func blocksIn(keys []blockKey, s span) (blocks int) {
	for _, key := range keys {
		if key.share(s) > 0 {
			blocks++
		}
	}
	return blocks
}

// cutSampleRows is cutRaw of the samples that are rows.
func cutSampleRows(ctx context.Context, q *db.Queries, s span, n int64) (span, error) {
	ts, err := q.NthSampleTime(ctx,
		db.NthSampleTimeParams{FromTs: int64(s.from), UntilTs: int64(s.until), Nth: n})
	if errors.Is(err, sql.ErrNoRows) {
		return s, nil
	}
	if err != nil {
		return s, err
	}
	first, err := q.FirstSampleTime(ctx, int64(s.from))
	// one moment at least, also when more samples than that share it
	s.until = Micros(max(ts, first+1))
	return s, err
}

// cutKeys is cutRaw of the samples of blocks. Any number of blocks may lie side by side, where
// samples come series by series: each has its share of a span.
func cutKeys(keys []blockKey, s span, n int64) span {
	if samplesOf(keys, s) <= float64(n) {
		return s
	}
	first, last := extent(keys, s)
	enough, tooMuch := first, last+1
	for tooMuch-enough > 1 {
		middle := enough + (tooMuch-enough)/2
		if samplesOf(keys, span{from: s.from, until: middle}) <= float64(n) {
			enough = middle
		} else {
			tooMuch = middle
		}
	}
	s.until = max(enough, first+1) // one moment at least
	return s
}

// extent returns the first and the last moment that blocks may have in a span. They have some.
func extent(keys []blockKey, s span) (first, last Micros) {
	first, last = s.until-1, s.from
	for _, key := range keys {
		if key.first() < s.until && key.last() >= s.from {
			first, last = min(first, max(key.first(), s.from)), max(last, min(key.last(), s.until-1))
		}
	}
	return first, last
}

// samplesOf is how many samples blocks have in a span, more or less.
func samplesOf(keys []blockKey, s span) (samples float64) {
	for _, key := range keys {
		samples += key.share(s)
	}
	return samples
}

// cutRawBackwards begins a span after what has many more samples of the given parts than wanted,
// counted from its end. It returns how many blocks have samples in what is left.
func cutRawBackwards(
	ctx context.Context, q *db.Queries, parts []int64, s span, far looking,
) (span, int, error) {
	ts, err := q.NthSampleTimeBackwards(ctx, db.NthSampleTimeBackwardsParams{
		FromTs: int64(s.from), UntilTs: int64(s.until), Nth: far.samples,
	})
	switch {
	case err == nil:
		s.from = min(Micros(ts)+1, s.until-1)
	case !errors.Is(err, sql.ErrNoRows):
		return s, 0, err
	}
	keys, from, err := lastKeys(ctx, q, parts, s, far.blocks)
	if err != nil {
		return s, 0, err
	}
	s.from = min(from, s.until-1)
	s = cutKeysBackwards(keys, s, far.samples)
	return s, blocksIn(keys, s), nil
}

// cutKeysBackwards is cutRawBackwards of the samples of blocks.
func cutKeysBackwards(keys []blockKey, s span, n int64) span {
	if samplesOf(keys, s) <= float64(n) {
		return s
	}
	first, last := extent(keys, s)
	tooMuch, enough := first, last+1
	for enough-tooMuch > 1 {
		middle := tooMuch + (enough-tooMuch)/2
		if samplesOf(keys, span{from: middle, until: s.until}) <= float64(n) {
			enough = middle
		} else {
			tooMuch = middle
		}
	}
	s.from = min(enough, last) // one moment at least
	return s
}
