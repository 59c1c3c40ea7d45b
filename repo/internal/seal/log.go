package seal

import (
	"cmp"
	"maps"
	"slices"
	"sync"
)

// Key is a row that is not sound: its place, and what else its key has.
type Key struct {
	Table       string
	Granularity string // raw, 1m, 5m or 1h, "" for a table without moments
	TS          int64  // 0 for a table without moments
	Rest        int64  // tells rows of one moment apart
}

// Place is a table, or one tier in it.
type Place struct {
	Table       string
	Granularity string
}

// Span is what was found not sound at a place.
type Span struct {
	Place

	Rows        int64 // different ones, as far as they are told apart
	From, Until int64 // microseconds, 0 for a table without moments
}

// mostKeys bounds the memory of a log: beyond so many rows of a place, a row that is met twice
// counts twice.
const mostKeys = 10_000

// Log collects rows that are not sound. It is safe for any number of goroutines.
type Log struct {
	mu        sync.Mutex
	places    map[Place]*found
	unmerged  int64
	follower  *Log
	following sync.Mutex // held as long as there is one
}

type found struct {
	span Span
	keys map[Key]struct{}
}

// Note adds a row that was left out.
func (l *Log) Note(key Key) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.follower != nil {
		l.follower.Note(key)
	}
	l.note(key)
}

func (l *Log) note(key Key) {
	place := Place{key.Table, key.Granularity}
	f, ok := l.places[place]
	if !ok {
		if l.places == nil {
			l.places = map[Place]*found{}
		}
		f = &found{span: Span{Place: place, From: key.TS, Until: key.TS}, keys: map[Key]struct{}{}}
		l.places[place] = f
	}
	if _, known := f.keys[key]; known {
		return
	}
	if len(f.keys) < mostKeys {
		f.keys[key] = struct{}{}
	}
	f.span.Rows++
	f.span.From, f.span.Until = min(f.span.From, key.TS), max(f.span.Until, key.TS)
}

// Follow notes in another log, too, what f meets.
func (l *Log) Follow(follower *Log, f func() error) error {
	l.following.Lock()
	defer l.following.Unlock()
	l.follow(follower)
	defer l.follow(nil)
	return f()
}

func (l *Log) follow(follower *Log) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.follower = follower
}

// Forget drops the rows of a tier from before a moment, which do not count any more.
func (l *Log) Forget(granularity string, before int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for place, f := range l.places {
		if place.Granularity != granularity || f.span.From >= before || place.Table == "tiers" {
			continue
		}
		delete(l.places, place)
		for key := range f.keys {
			if key.TS >= before {
				l.note(key)
			}
		}
	}
}

// ForgetTable drops the rows of a table that is about to be read whole.
func (l *Log) ForgetTable(table string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	maps.DeleteFunc(l.places, func(place Place, _ *found) bool { return place.Table == table })
}

// Unmerged adds samples that could not join a bucket, because it is not sound.
func (l *Log) Unmerged(samples int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.unmerged += samples
}

// Spans returns what was found, in the order of places.
func (l *Log) Spans() []Span {
	l.mu.Lock()
	defer l.mu.Unlock()
	spans := make([]Span, 0, len(l.places))
	for _, f := range l.places {
		spans = append(spans, f.span)
	}
	slices.SortFunc(spans, func(a, b Span) int {
		return cmp.Or(cmp.Compare(a.Table, b.Table), cmp.Compare(a.Granularity, b.Granularity))
	})
	return spans
}

// UnmergedSamples returns how many samples could not join a bucket.
func (l *Log) UnmergedSamples() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.unmerged
}

// Become replaces what was found by what another log has, which has seen the whole file.
func (l *Log) Become(other *Log) {
	other.mu.Lock()
	places := other.places
	other.mu.Unlock()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.places = places
}
