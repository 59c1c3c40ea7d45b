package corruption

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/service"
)

const pageSize = 512

// flip changes some bits of one byte.
func flip(random *rand.Rand, data []byte, place int) { data[place] ^= byte(1 + random.IntN(255)) }

// A byte is flipped in each page in turn. A reader either gets what was written or hears of the
// damage; a recorder goes on.
func TestFlippedByte(t *testing.T) {
	random := draws(t)
	whole, want := closed(t)
	damageEach(t, random, whole, want, len(whole[""])/pageSize, func(page int) (set, string) {
		damaged := whole.clone()
		place := page*pageSize + random.IntN(pageSize)
		flip(random, damaged[""], place)
		return damaged, fmt.Sprintf("byte %d, which is %d of page %d", place, place%pageSize, page+1)
	})
}

// A bit is flipped in each 16 bytes in turn, so that each row has one.
func TestFlippedBit(t *testing.T) {
	const stretch = 16
	random := draws(t)
	whole, want := small(t)
	damageEach(t, random, whole, want, len(whole[""])/stretch, func(at int) (set, string) {
		damaged := whole.clone()
		place, bit := at*stretch+random.IntN(stretch), random.IntN(8)
		damaged[""][place] ^= 1 << bit
		return damaged, fmt.Sprintf("bit %d of byte %d, which is %d of page %d",
			bit, place, place%pageSize, place/pageSize+1)
	})
}

// A page says that it has another number of rows: what is found then depends on the end from which
// one looks.
func TestFlippedNumberOfRows(t *testing.T) {
	whole, want := small(t)
	for page := range len(whole[""]) / pageSize {
		damaged := whole.clone()
		damaged[""][page*pageSize+4] ^= 1 << 4
		readContent(t, damaged.put(t), want)
		if t.Failed() {
			t.Fatalf("page %d", page+1)
		}
	}
}

// A sector, which is a page, is zeros, another one, or has changed places with another one.
func TestSectors(t *testing.T) {
	for name, damage := range map[string]func(this, other []byte){
		"zeros":    func(this, _ []byte) { clear(this) },
		"replaced": func(this, other []byte) { copy(this, other) },
		"swapped": func(this, other []byte) {
			kept := bytes.Clone(this)
			copy(this, other)
			copy(other, kept)
		},
	} {
		t.Run(name, func(t *testing.T) {
			random := draws(t)
			whole, want := closed(t)
			pages := len(whole[""]) / pageSize
			damageEach(t, random, whole, want, pages, func(page int) (set, string) {
				damaged := whole.clone()
				other := random.IntN(pages)
				sector := func(n int) []byte { return damaged[""][n*pageSize:][:pageSize] }
				damage(sector(page), sector(other))
				return damaged, fmt.Sprintf("page %d, and %d", page+1, other+1)
			})
		})
	}
}

// The root of a table is that of another one, or has changed places with it: rows are read as what
// they are not.
func TestRoots(t *testing.T) {
	const first, roots = 3, 13
	random := draws(t)
	whole, want := small(t)
	root := func(of set, n int) []byte { return of[""][(first-1+n)*pageSize:][:pageSize] }
	damageEach(t, random, whole, want, roots*(roots-1), func(n int) (set, string) {
		damaged := whole.clone()
		this := n / (roots - 1)
		other := (this + 1 + n%(roots-1)) % roots
		copy(root(damaged, this), root(whole, other))
		if random.IntN(2) == 0 {
			copy(root(damaged, other), root(whole, this))
		}
		return damaged, fmt.Sprintf("page %d, and %d", first+this, first+other)
	})
}

// soak takes all damaged files of a test, where it takes someFiles otherwise.

const someFiles = 80

// draws is what these tests draw from: the same each time in the gate, so that what it finds is
// new, and anything in a soak or with WANSTORE_SEED.
func draws(t *testing.T) *rand.Rand {
	t.Helper()
	if filetest.Soak() || os.Getenv("WANSTORE_SEED") != "" {
		return filetest.Random(t)
	}
	return rand.New(rand.NewPCG(1, 2))
}

// damageEach judges many damaged files, or some of them, evenly spread.
func damageEach(
	t *testing.T, random *rand.Rand, whole set, want []string, n int, damage func(int) (set, string),
) {
	t.Helper()
	v := verdict{sound: pagesOf(t, whole), now: time.Now()}
	step := 1
	if !filetest.Soak() {
		step = max(n/someFiles, 1)
	}
	judged := 0
	for i := random.IntN(step); i < n; i += step {
		judged++
		damaged, what := damage(i)
		judge(t, &v, damaged, want)
		if t.Failed() {
			t.Fatal(what)
		}
	}
	t.Logf("of %d: %v", judged, &v)
}

// Each byte of the header, with a few bits of each.
func TestFlippedHeader(t *testing.T) {
	random := draws(t)
	whole, want := closed(t)
	damageEach(t, random, whole, want, 100, func(place int) (set, string) {
		damaged := whole.clone()
		flip(random, damaged[""], place)
		return damaged, fmt.Sprintf("byte %d of the header", place)
	})
}

func TestTruncated(t *testing.T) {
	random := draws(t)
	whole, want := closed(t)
	size := len(whole[""])
	sizes := []int{1, 15, 16, 99, 100, 101, 511, size - 1}
	for at := pageSize; at < size; at += pageSize {
		sizes = append(sizes, at, at+1+random.IntN(pageSize-1))
	}
	damageEach(t, random, whole, want, len(sizes), func(i int) (set, string) {
		damaged := whole.clone()
		damaged[""] = damaged[""][:min(sizes[i], size-1)]
		return damaged, fmt.Sprintf("cut at %d of %d bytes", sizes[i], size)
	})
}

// Noise where a history was is moved aside; noise that somebody has named by mistake stays as it
// is.
func TestNoise(t *testing.T) {
	random := draws(t)
	whole, _ := closed(t)
	for _, size := range []int{1, 16, 99, 100, 512, 4096, 100_000} {
		t.Run(strconv.Itoa(size), func(t *testing.T) {
			noise := make([]byte, size)
			for i := range noise {
				noise[i] = byte(random.Uint32())
			}
			v := verdict{now: time.Now()}
			judge(t, &v, set{"": noise, ".lock": whole[".lock"]}, nil)
			if v.refused != 1 || v.moved != 1 {
				t.Errorf("noise: %v", &v)
			}

			path := set{"": noise}.put(t)
			_, err := service.OpenWriter(t.Context(), service.Config{DBPath: path}, service.Options{})
			if !isDamage(err) {
				t.Errorf("open: %v, want %v", err, service.ErrNotDatabase)
			}
			left, err := os.ReadDir(filepath.Dir(path))
			must(t, err)
			got, err := os.ReadFile(path)
			must(t, err)
			if len(left) != 1 || !bytes.Equal(got, noise) {
				t.Errorf("a file that never was a history was not left alone: %v", left)
			}
		})
	}
}

// A file of zeros, as a card leaves it that has lost its map.
func TestZeros(t *testing.T) {
	whole, want := closed(t)
	random := draws(t)
	damageEach(t, random, whole, want, 20, func(int) (set, string) {
		damaged := whole.clone()
		from := random.IntN(len(damaged[""])/4096) * 4096
		clear(damaged[""][from:min(from+4096, len(damaged[""]))])
		return damaged, fmt.Sprintf("4096 bytes from %d on are zero", from)
	})
}
