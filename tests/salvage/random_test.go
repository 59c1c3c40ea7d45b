package salvage

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/wanstore/wanstore/internal/filetest"
)

// kinds of damage. older is the file as it was an hour before.
var kinds = map[string]func(random *rand.Rand, data, older []byte) []byte{
	"zeroed": func(random *rand.Rand, data, _ []byte) []byte {
		for range 1 + random.IntN(20) {
			clear(page(data, 1+random.IntN(len(data)/pageSize)))
		}
		return data
	},
	"swapped": func(random *rand.Rand, data, _ []byte) []byte {
		for range 1 + random.IntN(20) {
			a, b := page(data, 1+random.IntN(len(data)/pageSize)),
				page(data, 1+random.IntN(len(data)/pageSize))
			kept := bytes.Clone(a)
			copy(a, b)
			copy(b, kept)
		}
		return data
	},
	"doubled": func(random *rand.Rand, data, _ []byte) []byte {
		for range 1 + random.IntN(20) {
			copy(page(data, 1+random.IntN(len(data)/pageSize)),
				page(data, 1+random.IntN(len(data)/pageSize)))
		}
		return data
	},
	"older": func(random *rand.Rand, data, older []byte) []byte {
		for range 1 + random.IntN(20) {
			n := 1 + random.IntN(min(len(data), len(older))/pageSize)
			copy(page(data, n), page(older, n))
		}
		return data
	},
	"cut": func(random *rand.Rand, data, _ []byte) []byte { return data[:1+random.IntN(len(data))] },
	"half": func(random *rand.Rand, data, _ []byte) []byte {
		for n := 1; n <= len(data)/pageSize; n++ {
			if random.IntN(2) == 0 {
				clear(page(data, n))
			}
		}
		return data
	},
	"noise": func(random *rand.Rand, data, _ []byte) []byte {
		for range 1 + random.IntN(2000) {
			data[random.IntN(len(data))] = byte(random.Uint32())
		}
		return data
	},
}

// Whatever happens to pages, with and without a WAL: what comes back is what was, no bucket has a
// sample twice, and recording goes on.
func TestRandomDamage(t *testing.T) {
	rounds := 2
	if filetest.Soak() {
		rounds = 100
	}
	for name, damage := range kinds {
		t.Run(name, func(t *testing.T) {
			random := filetest.Random(t)
			for range rounds {
				p, older := newKilledPair(t, random.IntN(2) == 0)
				damaged := p.damage(t, func(data []byte) []byte { return damage(random, data, older) })
				bring(t, p, damaged)
				p.fits(t)
				if t.Failed() {
					return
				}
			}
		})
	}
}

// bring takes what is intact in the damaged file, and does in the copy what that takes.
func bring(t *testing.T, p pair, damaged string) {
	t.Helper()
	w := open(t, p.path, p.c)
	maintain(t, w)
	t.Log(salvage(t, w, damaged))
	must(t, w.Close(t.Context()))
	control := open(t, p.control, p.c)
	maintain(t, control)
	must(t, control.Close(t.Context()))
	must(t, filetest.Check(p.path))
}

// fits fails the test if the history says anything that the copy does not, or counts more.
func (p pair) fits(t *testing.T) {
	t.Helper()
	type said struct {
		line  string
		count int64
	}
	want := map[string]said{}
	for point := range points(t, p.control) {
		want[place(point)] = said{line(point), point.Count}
	}
	for point := range points(t, p.path) {
		is, was := line(point), want[place(point)]
		if point.Count > was.count || point.Count == was.count && is != was.line {
			t.Errorf("%s, was %s", is, was.line)
		}
	}
}
