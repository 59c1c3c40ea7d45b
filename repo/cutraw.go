package repo

import (
	"context"
	"database/sql"
	"errors"

	"github.com/wanstore/wanstore/db"
)

// cutRaw ends a span of the raw tier before it has many more than n samples of the given parts, in the middle of a minute
// or of a block if need be, but not at its beginning.
func cutRaw(ctx context.Context, q *db.Queries, parts []int64, s span, n int64) (span, error) {
	s, err := cutSampleRows(ctx, q, s, n)
	if err != nil {
		return s, err
	}
	keys, until, err := firstKeys(ctx, q, parts, s)
	if err != nil {
		return s, err
	}
	s.until = max(until, s.from+1)
	return cutKeys(keys, s, n), nil
}

// cutSampleRows is cutRaw of the samples that are rows.
func cutSampleRows(ctx context.Context, q *db.Queries, s span, n int64) (span, error) {
	ts, err := q.NthSampleTime(ctx, db.NthSampleTimeParams{FromTs: int64(s.from), UntilTs: int64(s.until), Nth: n})
	if errors.Is(err, sql.ErrNoRows) {
		return s, nil
	}
	if err != nil {
		return s, err
	}
	first, err := q.FirstSampleTime(ctx, int64(s.from))
	s.until = Micros(max(ts, first+1)) // one moment at least, also when more samples than that share it
	return s, err
}

// cutKeys is cutRaw of the samples of blocks. Any number of blocks may lie side by side, where samples come series by
// series: each has its share of a span.
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

// cutRawBackwards begins a span after what has many more than n samples of the given parts, counted from its end.
func cutRawBackwards(ctx context.Context, q *db.Queries, parts []int64, s span, n int64) (span, error) {
	ts, err := q.NthSampleTimeBackwards(ctx, db.NthSampleTimeBackwardsParams{
		FromTs: int64(s.from), UntilTs: int64(s.until), Nth: n,
	})
	switch {
	case err == nil:
		s.from = min(Micros(ts)+1, s.until-1)
	case !errors.Is(err, sql.ErrNoRows):
		return s, err
	}
	keys, from, err := lastKeys(ctx, q, parts, s)
	if err != nil {
		return s, err
	}
	s.from = min(from, s.until-1)
	return cutKeysBackwards(keys, s, n), nil
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
