package functions

// The id of a sketch has its series, then the number of its tier, then the minute at which its
// bucket begins.
const (
	sketchMinutes = 1_000_000_000 // of a tier, up to the year 3871
	sketchTiers   = 10            // of a series
	mostSketched  = 1<<63/(sketchTiers*sketchMinutes) - 1

	minute = 60_000_000 // in microseconds
)

// SketchID returns the id of the sketch of a bucket. There is none before 1970, for a series beyond
// 922 million, and for a bucket that begins within a minute.
func SketchID(granularity string, series, ts int64) (id int64, ok bool) {
	first, ok := sketchBase(granularity, series)
	if !ok || ts < 0 || ts%minute != 0 || ts/minute >= sketchMinutes {
		return 0, false
	}
	return first + ts/minute, true
}

// SketchIDs returns the range of the ids, [first, last), of the buckets that a series has in [from,
// until).
func SketchIDs(granularity string, series, from, until int64) (first, last int64) {
	base, ok := sketchBase(granularity, series)
	if !ok {
		return 0, 0
	}
	return base + minutesBefore(from), base + minutesBefore(until)
}

// minutesBefore returns how many minutes begin before a moment.
func minutesBefore(ts int64) int64 {
	if ts <= 0 {
		return 0
	}
	return min((ts-1)/minute+1, sketchMinutes)
}

// SketchPlace returns what an id says, and "" for the tier of one that no sketch has.
func SketchPlace(id int64) (granularity string, series, ts int64) {
	series, ts = id/sketchMinutes/sketchTiers, id%sketchMinutes*minute
	switch id / sketchMinutes % sketchTiers {
	case 1:
		granularity = "1m"
	case 2:
		granularity = "5m"
	case 3:
		granularity = "1h"
	}
	return granularity, series, ts
}

// sketchBase returns the id that the sketch of a bucket at the beginning of time would have.
func sketchBase(granularity string, series int64) (base int64, ok bool) {
	tier := int64(0)
	switch granularity {
	case "1m":
		tier = 1
	case "5m":
		tier = 2
	case "1h":
		tier = 3
	}
	ok = tier > 0 && series >= 0 && series <= mostSketched
	return (series*sketchTiers + tier) * sketchMinutes, ok
}
