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
	how    verdict
	down   bool
	taken  map[[2]int64]bool
	posts  int
	full   bool // down, but for requests without samples
	known  bool // it took samples before
}

func (l *line) shipping() *shipping {
	return &shipping{
		post:  func(_ context.Context, b batch) answer { return l.answer(b) },
		pause: func(ctx context.Context, _ answer, _ int) error { return context.Cause(ctx) },
		probe: l.probe,
	}
}

// probe has something to send once anything was taken.
func (l *line) probe(context.Context) evidence {
	l.posts++
	switch {
	case l.down:
		return fails
	case len(l.taken) == 0 && !l.known || l.full:
		return unproven
	}
	return alive
}

func (l *line) answer(b batch) answer {
	l.posts++
	if l.down || l.full {
		return answer{verdict: failing}
	}
	for _, one := range flat(b) {
		if l.refuse[one] {
			return answer{verdict: l.how, words: "no"}
		}
	}
	for _, one := range flat(b) {
		l.taken[one] = true
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
// that fails is known to take other samples: else a batch of offenders alone would wait for ever.
func TestBisect(t *testing.T) {
	for _, how := range []verdict{rejected, failing} {
		t.Run(how.String(), func(t *testing.T) {
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

// long is one series with many samples.
func long(size int) batch {
	r := run{series: &derived{}}
	for ts := range size {
		r.samples = append(r.samples, sample{ts: int64(ts)})
	}
	return batch{r}
}

// One bad sample among 2,000 costs few POSTs.
func TestOneBadSample(t *testing.T) {
	l := line{refuse: map[[2]int64]bool{{0, 1234}: true}, taken: map[[2]int64]bool{}, how: rejected}
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
	l := line{refuse: map[[2]int64]bool{}, taken: map[[2]int64]bool{}, how: rejected}
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

// While a receiver fails whatever it is sent, nothing is parked.
func TestDownIsNotRefused(t *testing.T) {
	for _, l := range []line{{down: true}, {full: true}} {
		failsAll(t, l)
	}
}

func failsAll(t *testing.T, l line) {
	t.Helper()
	ctx, cancel := context.WithCancelCause(t.Context())
	s := l.shipping()
	enough := errors.New("enough")
	pauses := 0
	s.pause = func(ctx context.Context, _ answer, _ int) error {
		if pauses++; pauses == 20 {
			cancel(enough)
		}
		return context.Cause(ctx)
	}
	list, err := s.ship(ctx, long(100))
	if !errors.Is(err, enough) || len(list) > 0 {
		t.Fatalf("parked %d, %v", len(list), err)
	}
	if l.posts > 600 {
		t.Errorf("%d POSTs in %d tries", l.posts, pauses)
	}
}

// A receiver that dies while a batch is bisected has refused nothing.
func TestDyingIsNotRefusing(t *testing.T) {
	l := line{refuse: map[[2]int64]bool{{0, 7}: true}, taken: map[[2]int64]bool{}, how: failing}
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
	list, err := s.ship(t.Context(), long(64))
	if err != nil {
		t.Fatal(err)
	}
	if got := parkedOf(list); !slices.Equal(got, [][2]int64{{0, 7}}) {
		t.Errorf("parked %v", got)
	}
}
