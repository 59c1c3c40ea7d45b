package property

import (
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/wanstore/wanstore/internal/sketch"
	"github.com/wanstore/wanstore/service"
)

// micros is a moment as the file has it, or a duration.
type micros int64

const (
	second = micros(1_000_000)
	minute = 60 * second
	hour   = 60 * minute
	day    = 24 * hour
)

func (m micros) time() time.Time { return time.UnixMicro(int64(m)).UTC() }

// down is the start of the interval that holds m; a width of 0 leaves m as it is. No moment of the
// test is negative.
func (m micros) down(width micros) micros {
	if width == 0 {
		return m
	}
	return m / width * width
}

func (m micros) up(width micros) micros {
	if m.down(width) == m {
		return m
	}
	return m.down(width) + width
}

// The tiers, by their index everywhere in the test.
const (
	raw = iota
	oneMinute
	fiveMinutes
	oneHour
	tierCount
)

var (
	names  = [tierCount]string{"raw", "1m", "5m", "1h"}
	widths = [tierCount]micros{0, minute, 5 * minute, hour}
)

// sample is what was recorded of a series, which goes by its index.
type sample struct {
	series int
	ts     micros
	value  float64
}

type tier struct{ floor, watermark, keep micros }

// counters are those of service.WriterStatus, since the file was opened.
type counters struct {
	accepted, late, duplicate, value, ahead, tooOld int64
}

// oracle holds every sample that was accepted, and works out what the file must say from nothing
// else.
type oracle struct {
	now   micros
	grace micros
	tiers [tierCount]tier

	pending  []sample // recorded, not committed
	accepted []sample
	// accepted while at or above the raw floor, without the value: a repeat of one is no new
	// sample
	rows     map[sample]bool
	order    []int // series in the order of their first samples
	before   int   // ids that were given before those of the series
	counters counters
}

func newOracle(now micros) *oracle {
	return &oracle{
		now:  now,
		rows: map[sample]bool{},
		tiers: [tierCount]tier{
			{keep: hour}, {keep: day}, {keep: 7 * day}, {keep: 7 * day},
		},
	}
}

func (o *oracle) lowestFloor() micros {
	return min(o.tiers[raw].floor, o.tiers[oneMinute].floor, o.tiers[fiveMinutes].floor,
		o.tiers[oneHour].floor)
}

func (o *oracle) retention() micros { return o.tiers[oneHour].keep }

// commit takes what is pending and then samples, and returns the errors of the latter.
func (o *oracle) commit(samples []sample) []error {
	for _, s := range o.pending {
		_ = o.add(s)
	}
	o.pending = nil
	refused := make([]error, len(samples))
	for i, s := range samples {
		refused[i] = o.add(s)
	}
	return refused
}

func (o *oracle) add(s sample) error {
	switch {
	case !(s.value >= -service.MaxValue && s.value <= service.MaxValue):
		o.counters.value++
		return service.ErrValue
	case s.ts > o.now+minute:
		o.counters.ahead++
		return service.ErrAhead
	case s.ts < o.lowestFloor():
		o.counters.tooOld++
		return service.ErrTooOld
	}
	if !slices.Contains(o.order, s.series) {
		o.order = append(o.order, s.series)
	}
	if s.ts >= o.tiers[raw].floor {
		key := sample{series: s.series, ts: s.ts}
		if o.rows[key] {
			o.counters.duplicate++
			return nil
		}
		o.rows[key] = true
	}
	o.accepted = append(o.accepted, s)
	o.counters.accepted++
	if s.ts < o.tiers[oneMinute].watermark {
		o.counters.late++
	}
	return nil
}

// expiryLimit is where the retention ends.
func (o *oracle) expiryLimit() micros { return (o.now - o.retention()).down(hour) }

// expire gives up what the retention has passed before it was rolled up, and returns how many
// samples that were.
func (o *oracle) expire() int64 {
	limit := o.expiryLimit()
	behind := false
	for g := oneMinute; g <= oneHour; g++ {
		behind = behind || o.tiers[g].watermark < limit
	}
	if !behind {
		return 0
	}
	from := max(o.tiers[raw].floor, o.tiers[oneMinute].watermark)
	expired := int64(0)
	for _, s := range o.accepted {
		if s.ts >= from && s.ts < limit {
			expired++
		}
	}
	for g := range o.tiers {
		o.tiers[g].floor = max(o.tiers[g].floor, limit)
		if g != raw {
			o.tiers[g].watermark = max(o.tiers[g].watermark, limit)
		}
	}
	return expired
}

// rollUp moves the watermarks as far as they may go.
func (o *oracle) rollUp() {
	complete := o.now - o.grace
	for g := oneMinute; g <= oneHour; g++ {
		o.tiers[g].watermark = max(o.tiers[g].watermark, complete.down(widths[g]))
		complete = o.tiers[g].watermark
	}
}

// raiseFloors moves the floors to the ages of their tiers, aligned to the next tier and never past
// what that has taken.
func (o *oracle) raiseFloors() {
	for g := range o.tiers {
		target := (o.now - min(o.tiers[g].keep, o.retention())).down(widths[min(g+1, oneHour)])
		if g != oneHour {
			target = min(target, o.tiers[g+1].watermark.down(widths[g+1]))
		}
		o.tiers[g].floor = max(o.tiers[g].floor, target)
	}
}

// maintain is a whole pass. It returns how many samples expired.
func (o *oracle) maintain() int64 {
	expired := o.expire()
	o.rollUp()
	o.raiseFloors()
	return expired
}

// bucket is what a tier has to know of one series in one interval.
type bucket struct {
	count    int64
	sum      float64
	min, max float64
	states   map[float64]int64
}

func (b *bucket) add(value float64) {
	if b.count == 0 {
		b.min, b.max = value, value
		b.states = map[float64]int64{}
	}
	b.count++
	b.sum += value
	b.min, b.max = min(b.min, value), max(b.max, value)
	b.states[value]++
}

// value is the mean or the mode.
func (b *bucket) value(mode bool) float64 {
	if !mode {
		return min(max(b.sum/float64(b.count), b.min), b.max)
	}
	var best float64
	var most int64
	for value, count := range b.states {
		if count > most || count == most && value > best {
			best, most = value, count
		}
	}
	return best
}

// sketch is made of all samples at once.
func (b *bucket) sketch() *sketch.Sketch {
	s := new(sketch.Sketch)
	for value, count := range b.states {
		s.Add(value, uint64(count))
	}
	return s
}

// quantile is the sample of that rank.
func (b *bucket) quantile(q float64) float64 {
	rank := int64(sketch.Rank(q, uint64(b.count)))
	for _, value := range slices.Sorted(maps.Keys(b.states)) {
		if rank -= b.states[value]; rank <= 0 {
			return value
		}
	}
	panic("a rank beyond all samples")
}

// place is one interval of one series.
type place struct {
	series int
	ts     micros
}

// buckets is what tier g must hold between its floor and its watermark.
func (o *oracle) buckets(g int) map[place]*bucket {
	buckets := map[place]*bucket{}
	for _, s := range o.accepted {
		if s.ts < o.tiers[g].floor || g != raw && s.ts >= o.tiers[g].watermark {
			continue
		}
		put(buckets, place{s.series, s.ts.down(widths[g])}, s.value)
	}
	return buckets
}

func put[K comparable](buckets map[K]*bucket, at K, value float64) {
	b, ok := buckets[at]
	if !ok {
		b = &bucket{}
		buckets[at] = b
	}
	b.add(value)
}

// newest is the newest sample of a series, the first one of several at that moment, if the file
// still holds it.
func (o *oracle) newest(series int) (sample, error) {
	var best sample
	found := false
	for _, s := range o.accepted {
		if s.series == series && s.ts >= o.lowestFloor() && (!found || s.ts > best.ts) {
			best, found = s, true
		}
	}
	if !found {
		return best, errNone
	}
	return best, nil
}

var errNone = errors.New("the file holds nothing of the series")
