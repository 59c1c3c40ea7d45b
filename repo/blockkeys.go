package repo

import (
	"context"

	"github.com/wanstore/wanstore/db"
)

const (
	// mostKeys is how many blocks of a part are looked at for where a step ends.
	mostKeys = 4096

	allKeys = -1

	// mostCount is more than any commit brings, whatever a damaged row says.
	mostCount = 10_000_000
)

// blockKey is a block without its payload.
type blockKey struct {
	id            int64
	moment, lastT Micros
	count         int64
}

// below says that all of the block lies below a floor. One that begins a minute before it does,
// whatever a damaged row says.
func (k blockKey) below(floor Micros) bool {
	return k.moment < floor && (k.lastT < floor || k.moment < floor-blockSpan-mostBump)
}

// first is about the moment of the first sample: that of the key may come after it.
func (k blockKey) first() Micros { return min(k.moment, k.lastT) }

// last is the moment of the last sample, or as late as that can be, whatever a damaged row says.
func (k blockKey) last() Micros { return min(k.lastT, k.moment+blockSpan) }

// share is how many samples the block has in a span, if they come evenly.
func (k blockKey) share(s span) float64 {
	first, end := k.first(), k.last()+1
	inside := min(end, s.until) - max(first, s.from)
	return float64(min(max(k.count, 1), mostCount)) * float64(max(inside, 0)) / float64(end-first)
}

// blockKeys returns the first blocks of a part that may have samples of a span, or the last ones,
// in that order: so many at most.
func blockKeys(
	ctx context.Context, q *db.Queries, part int64, s span, backwards bool, most int,
) (keys []blockKey, err error) {
	first, last := reach(s)
	params := db.PackBlockKeysParams{
		FromID: part*partKeys + first, UntilID: part*partKeys + last, FromTs: int64(s.from),
		MaxRows: int64(most),
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

// firstKeys returns the first blocks of a span, so many of each given part, and up to where these
// are all.
func firstKeys(
	ctx context.Context, q *db.Queries, parts []int64, s span, most int,
) (all []blockKey, until Micros, err error) {
	until = s.until
	for _, part := range parts {
		keys, err := blockKeys(ctx, q, part, s, false, most)
		if err == nil && len(keys) == most && keys[most-1].moment <= s.from {
			s.until = min(s.until, s.from+blockSpan) // beyond what only reaches into the span
			until = min(until, s.until)
			keys, err = blockKeys(ctx, q, part, s, false, allKeys)
		} else if len(keys) == most {
			until = min(until, keys[most-1].moment)
		}
		if err != nil {
			return nil, 0, err
		}
		all = append(all, keys...)
	}
	return all, until, nil
}

// lastKeys is firstKeys from the end.
func lastKeys(
	ctx context.Context, q *db.Queries, parts []int64, s span, most int,
) (all []blockKey, from Micros, err error) {
	from = s.from
	for _, part := range parts {
		keys, err := blockKeys(ctx, q, part, s, true, most)
		if err != nil {
			return nil, 0, err
		}
		if len(keys) == most {
			from = max(from, keys[most-1].moment)
		}
		all = append(all, keys...)
	}
	return all, from, nil
}
