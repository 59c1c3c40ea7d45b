package push

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// line is a receiver that refuses some samples, and counts what it is asked.
type line struct {
	refuse map[[2]int64]bool
	how    answer
	down   bool
	taken  map[[2]int64]bool
	posts  int
	full   bool // down, but for requests without samples
	known  bool // it took samples before
	// newest is that of each series, nil for a receiver that takes samples out of order.
	newest map[int64]int64
}

// The answers by which samples may be refused.
var (
	bad400 = answer{verdict: rejected, ofSamples: true, words: "no"}
	bad451 = answer{verdict: rejected, words: "no"}
	bad500 = answer{verdict: failing, words: "no"}
)

func (l *line) shipping() *shipping {
	return &shipping{
		post:  func(_ context.Context, b batch) answer { return l.answer(b) },
		pause: func(ctx context.Context, _ answer, _ int) error { return context.Cause(ctx) },
		probe: l.probe,
	}
}

// probe has something to send once anything was taken.
func (l *line) probe(context.Context) (evidence, answer) {
	l.posts++
	switch {
	case l.down:
		return takesNothing, l.how
	case len(l.taken) == 0 && !l.known || l.full:
		return takesEmpty, answer{}
	}
	return takesSamples, answer{}
}

func (l *line) answer(b batch) answer {
	l.posts++
	if l.down || l.full {
		return l.how
	}
	for _, one := range flat(b) {
		newest, has := l.newest[one[0]]
		if l.refuse[one] || has && one[1] < newest {
			return l.how
		}
	}
	for _, one := range flat(b) {
		l.taken[one] = true
		if l.newest != nil {
			l.newest[one[0]] = one[1]
		}
	}
	return answer{verdict: taken}
}

// parkedOf lists what was parked as flat does.
func parkedOf(list []parked) [][2]int64 {
	var b batch
	for _, p := range list {
		b = append(b, p.run)
	}
	return flat(b)
}

// Of a batch that is refused exactly the offenders are parked, and all else is taken. A receiver
// that fails is known to take other samples: else a batch of offenders alone would be held.
func TestBisect(t *testing.T) {
	for name, how := range map[string]answer{"400": bad400, "451": bad451, "500": bad500} {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				b := drawBatch(t)
				l := line{
					refuse: map[[2]int64]bool{}, taken: map[[2]int64]bool{}, how: how, known: true,
				}
				var bad [][2]int64
				for _, one := range flat(b) {
					if rapid.IntRange(0, 5).Draw(t, "bad") == 0 {
						l.refuse[one] = true
						bad = append(bad, one)
					}
				}
				list, err := l.shipping().ship(t.Context(), b)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(bad, parkedOf(list)); diff != "" {
					t.Fatalf("parked (-bad +got):\n%s", diff)
				}
				if got, want := len(l.taken), len(flat(b))-len(bad); got != want {
					t.Fatalf("%d taken, want %d", got, want)
				}
			})
		})
	}
}

// long has series with so many samples each.
func long(sizes ...int) batch {
	var b batch
	for id, size := range sizes {
		r := run{series: &derived{series: int64(id)}}
		for ts := range size {
			r.samples = append(r.samples, sample{ts: int64(ts)})
		}
		b = append(b, r)
	}
	return b
}

// One bad sample among 2,000 costs few POSTs.
func TestOneBadSample(t *testing.T) {
	l := line{refuse: map[[2]int64]bool{{0, 1234}: true}, taken: map[[2]int64]bool{}, how: bad400}
	list, err := l.shipping().ship(t.Context(), long(2000))
	if err != nil || len(list) != 1 || list[0].samples[0].ts != 1234 || list[0].words != "no" {
		t.Fatalf("parked %v, %v", list, err)
	}
	if len(l.taken) != 1999 || l.posts > 30 {
		t.Errorf("%d taken in %d POSTs", len(l.taken), l.posts)
	}
}

// Where everything is refused, the rest is judged by a few samples.
func TestAllBad(t *testing.T) {
	l := line{refuse: map[[2]int64]bool{}, taken: map[[2]int64]bool{}, how: bad400}
	for _, one := range flat(long(2000)) {
		l.refuse[one] = true
	}
	list, err := l.shipping().ship(t.Context(), long(2000))
	if err != nil || len(parkedOf(list)) != 2000 {
		t.Fatalf("%d parked, %v", len(parkedOf(list)), err)
	}
	if l.posts > 200 {
		t.Errorf("%d POSTs", l.posts)
	}
}

// While a receiver refuses whatever it is sent, nothing is parked.
func TestHeld(t *testing.T) {
	for name, c := range map[string]struct {
		line line
		want verdict
	}{
		"500, down":      {line{how: bad500, down: true}, failing},
		"500, disk full": {line{how: bad500, full: true}, failing},
		"451, down":      {line{how: bad451, down: true}, barred},
		"451, no quota":  {line{how: bad451, full: true}, barred},
		"400, no TLS":    {line{how: bad400, down: true}, barred},
	} {
		t.Run(name, func(t *testing.T) {
			s := c.line.shipping()
			for range 20 {
				list, err := s.ship(t.Context(), long(100))
				if h, ok := errors.AsType[*heldError](err); !ok || len(list) > 0 || h.answer.verdict != c.want {
					t.Fatalf("parked %d, %v", len(list), err)
				}
			}
			if c.line.posts > 20*(2+neighbors)+patience {
				t.Errorf("%d POSTs", c.line.posts)
			}
		})
	}
}

// Offenders do not hold a batch of which the receiver takes the rest, also if it has not taken
// anything yet.
func TestFirstOfAll(t *testing.T) {
	for name, how := range map[string]answer{"400": bad400, "451": bad451, "500": bad500} {
		t.Run(name, func(t *testing.T) {
			l := line{refuse: map[[2]int64]bool{}, taken: map[[2]int64]bool{}, how: how}
			b := long(50, 50)
			for _, one := range flat(b[:1]) { // which a bisection meets first
				l.refuse[one] = true
			}
			list, err := l.shipping().ship(t.Context(), b)
			if err != nil || len(parkedOf(list)) != 50 || len(l.taken) != 50 {
				t.Errorf("%d parked, %d taken, %v", len(parkedOf(list)), len(l.taken), err)
			}
		})
	}
}

// A receiver that dies while a batch is bisected has refused nothing.
func TestDyingIsNotRefusing(t *testing.T) {
	l := line{refuse: map[[2]int64]bool{{0, 7}: true}, taken: map[[2]int64]bool{}, how: bad500}
	s := l.shipping()
	s.post = func(_ context.Context, b batch) answer {
		a := l.answer(b)
		switch l.posts {
		case 12: // it has been bisected for a while
			l.down = true
		case 40:
			l.down = false
		}
		return a
	}
	var list []parked
	for range 20 {
		var err error
		if list, err = s.ship(t.Context(), long(64)); err == nil {
			break
		}
		if len(list) > 0 {
			t.Fatalf("parked %v, %v", list, err)
		}
	}
	if got := parkedOf(list); !slices.Equal(got, [][2]int64{{0, 7}}) {
		t.Errorf("parked %v", got)
	}
}

// Where each series has a few samples that the receiver takes, after many that are too old, those
// are found, and sent in order where that matters.
func TestTooOldUntil(t *testing.T) {
	for name, c := range map[string]struct {
		how     answer
		inOrder bool
	}{
		"400":           {bad400, false},
		"500":           {bad500, false},
		"400, in order": {bad400, true},
	} {
		t.Run(name, func(t *testing.T) {
			const series, size, good = 39, 60, 3
			l := line{refuse: map[[2]int64]bool{}, taken: map[[2]int64]bool{}, how: c.how, known: true}
			if c.inOrder {
				l.newest = map[int64]int64{}
			}
			b := long(slices.Repeat([]int{size}, series)...)
			for _, one := range flat(b) {
				l.refuse[one] = one[1] < size-good
			}
			s := l.shipping()
			s.inOrder = c.inOrder
			list, err := s.ship(t.Context(), b)
			if len(l.taken) != series*good || len(parkedOf(list)) != series*(size-good) || err != nil {
				t.Errorf("%d parked, %d taken, %v", len(parkedOf(list)), len(l.taken), err)
			}
			if l.posts > 3*series*size {
				t.Errorf("%d POSTs", l.posts)
			}
		})
	}
}
