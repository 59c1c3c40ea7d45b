package leaves

// mapEntry is what the pointer map says of a page (section 1.8).
type mapEntry struct {
	kind   byte
	parent int
}

const (
	rootPage      = 1
	freePage      = 2
	overflowFirst = 3
	overflowNext  = 4
	treeChild     = 5
)

// mostMaps is how many pages of the pointer map are kept.
const mostMaps = 256

// settleMap finds out whether there is a pointer map: its pages would be at certain places. Where
// these say nothing, the header does. It returns how many pages of the map make no sense.
func (f *File) settleMap() (missing int) {
	maps, others := 0, 0
	page := make([]byte, f.pageSize)
	for at := 2; at <= f.pages; at += f.perMap() {
		n := f.mapOf(at)
		_, err := f.read(n, page)
		switch {
		case n >= f.pages: // it would say nothing
		case err != nil || isZero(page):
			missing++
		case f.isMap(n, page):
			maps++
		default:
			others++
		}
	}
	f.autoVacuum = maps > others || maps == others && f.header.autoVacuum()
	return missing + others
}

// isMap says that more than half of what a page of the map would say makes sense.
func (f *File) isMap(n int, page []byte) bool {
	sound, entries := 0, min(f.perMap()-1, f.pages-n)
	for i := range entries {
		if f.makesSense(entryAt(page, i)) {
			sound++
		}
	}
	return entries > 0 && 2*sound > entries
}

func entryAt(page []byte, i int) mapEntry {
	return mapEntry{kind: page[5*i], parent: u32(page[5*i+1:])}
}

// makesSense leaves room for parents on pages that have been cut off.
func (f *File) makesSense(e mapEntry) bool {
	switch e.kind {
	case rootPage, freePage:
		return e.parent == 0
	case overflowFirst, overflowNext, treeChild:
		return e.parent > 0 && e.parent/mostCutOff <= f.pages
	default:
		return false
	}
}

// mapped returns what the pointer map says of a page, or false where it says nothing that makes
// sense.
func (f *File) mapped(n int) (mapEntry, bool) {
	if !f.autoVacuum || n < 2 || !f.holdsContent(n) {
		return mapEntry{}, false
	}
	at := f.mapOf(n)
	page := f.mapPage(at)
	if page == nil {
		return mapEntry{}, false
	}
	entry := entryAt(page, n-at-1)
	return entry, f.makesSense(entry)
}

func (f *File) mapPage(n int) []byte {
	if page, known := f.maps[n]; known {
		return page
	}
	if len(f.maps) >= mostMaps {
		clear(f.maps)
	}
	page := make([]byte, f.pageSize)
	if _, err := f.read(n, page); err != nil || !f.isMap(n, page) {
		page = nil
	}
	f.maps[n] = page
	return page
}
