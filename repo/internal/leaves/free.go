package leaves

import (
	"context"

	"github.com/wanstore/wanstore/repo/internal/sqlitefile"
)

// freelist is the pages that the freelist has (section 1.5).
type freelist struct {
	pages    bitset
	complete bool // all that are free are known
}

// bitset is a set of the numbers of pages.
type bitset []uint64

func newBitset(pages int) bitset { return make(bitset, pages/64+1) }

func (b bitset) has(n int) bool { return n/64 < len(b) && b[n/64]&(1<<(n%64)) != 0 }

// add says whether a page was not in the set before.
func (b bitset) add(n int) bool {
	added := !b.has(n)
	b[n/64] |= 1 << (n % 64)
	return added
}

// use is what is known of a page.
type use int

const (
	unknown use = iota
	inUse
	free
)

// use says whether a page is in use, by the rule that stands at the top of the package. Of what
// lies behind the end of the database, as the header says it, nothing is known.
func (f *File) use(n int) use {
	if end := f.header.pages(); f.wal.pages == 0 && end > 0 && n > end {
		return unknown
	}
	entry, mapped := f.mapped(n)
	switch {
	case mapped && entry.kind == freePage:
		return free
	case mapped:
		return inUse
	case f.freelist.pages.has(n):
		return free
	case f.freelist.complete:
		return inUse
	default:
		return unknown
	}
}

// settleFree reads the freelist where the pointer map does not say it all.
func (f *File) settleFree(ctx context.Context) error {
	missing := f.settleMap()
	if missing == 0 && f.autoVacuum {
		return nil
	}
	if f.followFreelist(); f.freelist.complete {
		return nil
	}
	return f.searchFreelist(ctx)
}

// followFreelist reads the freelist from the header on. It is complete if it is as long as the
// header says.
func (f *File) followFreelist() {
	f.freelist = freelist{pages: newBitset(f.pages)}
	if f.header == nil {
		return
	}
	count := f.header.number(sqlitefile.FreePagesOffset)
	page := make([]byte, f.pageSize)
	found, next := 0, f.header.number(sqlitefile.FreeTrunkOffset)
	for next != 0 && found < count {
		trunk, ok := f.readTrunk(next, page)
		if !ok || !f.freelist.add(next, trunk) {
			return
		}
		found += 1 + len(trunk.pages)
		next = trunk.next
	}
	f.freelist.complete = next == 0 && found == count
}

// trunk is a page of the freelist itself, which lists others.
type trunk struct {
	next  int
	pages []int
}

// add says whether none of the pages was in the list before.
func (l *freelist) add(n int, t trunk) bool {
	added := l.pages.add(n)
	for _, page := range t.pages {
		added = l.pages.add(page) && added
	}
	return added
}

// readTrunk returns false for a page that cannot be one of the freelist: one that leads to what is
// no page, or lists such, or is all zeros, as damage leaves it.
func (f *File) readTrunk(n int, page []byte) (t trunk, ok bool) {
	if !f.holdsContent(n) {
		return t, false
	}
	if _, err := f.read(n, page); err != nil {
		return t, false
	}
	t.next = u32(page)
	if t.next != 0 && !f.holdsContent(t.next) || isZero(page) {
		return t, false
	}
	count := u32(page[4:])
	if count < 0 || count > f.usable()/4-2 {
		return t, false
	}
	for at := 8; len(t.pages) < count; at += 4 {
		listed := u32(page[at:])
		if listed < 2 || !f.holdsContent(listed) {
			return t, false
		}
		t.pages = append(t.pages, listed)
	}
	return t, true
}

func isZero(p []byte) bool {
	for _, b := range p {
		if b != 0 {
			return false
		}
	}
	return true
}

// searchFreelist looks at each page whether it is one of the freelist. Other pages do not look
// like that: those of b-trees begin with their kind, and of an overflow page the text that it
// holds would be the count. All of the list is there if what is found is one chain with an end.
func (f *File) searchFreelist(ctx context.Context) error {
	f.freelist = freelist{pages: newBitset(f.pages)}
	next := map[int]int{}
	once := true
	page := make([]byte, f.pageSize)
	for n := 2; n <= f.pages; n++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		if trunk, ok := f.readTrunk(n, page); ok {
			next[n] = trunk.next
			once = f.freelist.add(n, trunk) && once
		}
	}
	f.freelist.complete = once && isOneChain(next)
	return nil
}

// isOneChain says that the links lead from one end through all to the other.
func isOneChain(next map[int]int) bool {
	before := make(map[int]int, len(next))
	for n, to := range next {
		before[to] = n
	}
	length := 0
	for at, more := before[0]; more; at, more = before[at] {
		length++
	}
	return length > 0 && length == len(next)
}
