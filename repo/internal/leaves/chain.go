package leaves

import "slices"

// What is read of rows is bounded: a block has some megabytes at the very most.
const (
	mostPayload = 16 << 20
	mostOfAPage = 64 << 20 // of all rows of one page
)

// payload is all of a row, or of a key.
type payload struct {
	bytes  []byte
	summed bool // all pages on which it goes on have right checksums
	owned  bool // the pointer map does not say that any of them is of another row
}

// payload follows the overflow pages of a cell (section 1.7). It returns false where they lead
// elsewhere than to the end of the payload. The length says how many there are, and the last one
// has no next one: so no circle passes. left is what may still be read for the page.
func (f *File) payload(page int, c *cell, left *int) (p payload, ok bool) {
	p = payload{bytes: c.local, summed: true, owned: true}
	if len(c.local) == c.length {
		return p, true
	}
	if *left -= c.length; *left < 0 {
		return p, false
	}
	p.bytes = slices.Clone(c.local)
	owner := mapEntry{kind: overflowFirst, parent: page}
	next := c.overflow
	for len(p.bytes) < c.length {
		if !f.holdsContent(next) {
			return p, false
		}
		summed, err := f.read(next, f.overflow)
		if err != nil {
			return p, false
		}
		if entry, known := f.mapped(next); known && entry != owner {
			p.owned = false
		}
		p.summed = p.summed && summed
		part := f.overflow[4:f.usable()]
		p.bytes = append(p.bytes, part[:min(len(part), c.length-len(p.bytes))]...)
		owner = mapEntry{kind: overflowNext, parent: next}
		next = u32(f.overflow)
	}
	return p, next == 0
}
