package repotest

import (
	"math/rand/v2"
	"slices"
)

// sectorBytes is what a disk writes whole or not at all.
const sectorBytes = 512

// image is the content of a file: what is durable, and what has been done to it since its last
// sync.
type image struct {
	durable []byte
	changes []change
}

// change is a write, or a truncation where there is no data.
type change struct {
	offset int64 // of a truncation the size
	data   []byte
}

func (i *image) write(p []byte, off int64) {
	if len(p) > 0 {
		i.changes = append(i.changes, change{off, slices.Clone(p)})
	}
}

func (i *image) truncate(size int64) { i.changes = append(i.changes, change{offset: size}) }

func (i *image) sync() {
	i.durable = i.changed(i.durable)
	i.changes = nil
}

// content is everything that was written.
func (i *image) content() []byte { return i.changed(slices.Clone(i.durable)) }

// changed does all changes to content, in place where that is long enough.
func (i *image) changed(content []byte) []byte {
	for _, c := range i.changes {
		content = resized(content, c.sizeAfter(int64(len(content))))
		copy(content[min(c.offset, int64(len(content))):], c.data)
	}
	return content
}

// length is the size of the file.
func (i *image) length() int64 {
	size := int64(len(i.durable))
	for _, c := range i.changes {
		size = c.sizeAfter(size)
	}
	return size
}

func (c change) sizeAfter(size int64) int64 {
	if c.data == nil {
		return c.offset
	}
	return max(size, c.offset+int64(len(c.data)))
}

func resized(content []byte, size int64) []byte {
	if size <= int64(len(content)) {
		return content[:size:size]
	}
	return append(content, make([]byte, size-int64(len(content)))...)
}

// afterPowerLoss is what of the file is there when power returns: each sector, and the size, as one
// of the changes since the last sync has left it, or as it was then. A cache writes its sectors
// back in any order.
func (i *image) afterPowerLoss(luck luck) []byte {
	size, longest := int64(len(i.durable)), int64(len(i.durable))
	sizes := []int64{size}
	for _, c := range i.changes {
		size = c.sizeAfter(size)
		longest = max(longest, size)
		sizes = append(sizes, size)
	}
	left := make([]int, longest/sectorBytes+1) // how many of its changes a sector still gets
	i.eachSector(longest, func(sector int64, _ change) { left[sector]++ })
	for sector := range left {
		left[sector] = luck.upTo(left[sector])
	}
	content := resized(slices.Clone(i.durable), longest)
	i.eachSector(longest, func(sector int64, c change) {
		if left[sector] == 0 {
			return
		}
		left[sector]--
		from, until := sector*sectorBytes, min((sector+1)*sectorBytes, longest)
		c.apply(content, from, until)
	})
	return content[:sizes[luck.upTo(len(sizes)-1)]]
}

// eachSector calls f for every sector that each change touches, in the order of the changes.
func (i *image) eachSector(longest int64, f func(sector int64, c change)) {
	for _, c := range i.changes {
		until := longest
		if c.data != nil {
			until = c.offset + int64(len(c.data))
		}
		for sector := c.offset / sectorBytes; sector*sectorBytes < until; sector++ {
			f(sector, c)
		}
	}
}

// apply does what the change does to the bytes in [from, until).
func (c change) apply(content []byte, from, until int64) {
	from = max(from, c.offset)
	if c.data == nil {
		clear(content[from:until])
		return
	}
	until = min(until, c.offset+int64(len(c.data)))
	copy(content[from:until], c.data[from-c.offset:])
}

// luck decides what reaches the disk before the power is gone.
type luck struct {
	random *rand.Rand
	mode   int
}

const (
	nothing = iota
	everything
	some
)

// lucks are the modes that are drawn from, mixtures twice as often as the extremes.
const lucks = some + 2

func newLuck(seed uint64) luck {
	random := rand.New(rand.NewPCG(seed, 0))
	return luck{random: random, mode: random.IntN(lucks)}
}

// upTo returns how many of n changes have happened.
func (l luck) upTo(n int) int {
	switch l.mode {
	case nothing:
		return 0
	case everything:
		return n
	default:
		return l.random.IntN(n + 1)
	}
}
