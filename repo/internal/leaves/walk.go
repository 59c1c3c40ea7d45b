package leaves

import (
	"context"
	"iter"
)

// Walk goes through the pages from a number on, 1 for all: so a walk can be ended at any page, and
// gone on with behind it. It ends with the error of the context when that has ended.
func (f *File) Walk(ctx context.Context, from int) iter.Seq2[Page, error] {
	return func(yield func(Page, error) bool) {
		for n := max(from, 1); n <= f.pages; n++ {
			if err := ctx.Err(); err != nil {
				yield(Page{}, err)
				return
			}
			if !yield(f.look(n), nil) {
				return
			}
		}
	}
}

// look reads a page.
func (f *File) look(n int) Page {
	page := Page{Number: n, Kind: Other}
	if !f.holdsContent(n) {
		return page
	}
	use := f.use(n)
	if use == free {
		page.Kind = Free
		return page
	}
	page.Doubtful = use == unknown
	data := make([]byte, f.pageSize)
	summed, err := f.read(n, data)
	if err != nil {
		page.Kind, page.Err = Lost, err
		return page
	}
	t, ok := parseTreePage(data, treeStart(n), f.usable())
	switch {
	case !ok:
		page.Kind = f.senseless(n, data)
	case t.kind != interiorTable:
		f.readRows(&page, &t, data, summed)
	}
	return page
}

// senseless says what a page is from which nothing can be read. What a row has on overflow pages is
// missed where the row is.
func (f *File) senseless(n int, data []byte) PageKind {
	if entry, mapped := f.mapped(n); mapped {
		if entry.kind == overflowFirst || entry.kind == overflowNext {
			return Other
		}
		return Lost
	}
	if next := u32(data); isZero(data) || next != 0 && !f.holdsContent(next) {
		return Lost
	}
	return Other
}

// readRows takes the rows of a page that prove themselves.
func (f *File) readRows(page *Page, t *treePage, data []byte, summed bool) {
	has := f.decode(page.Number, t)
	switch {
	case len(t.cells) == 0 && t.fills:
		page.Kind = Data
	case has.decoded == 0:
		page.Kind = f.senseless(page.Number, data)
	case has.foreign == has.decoded && has.undecoded == 0:
		page.Kind = Other
	default:
		page.Kind = Data
		f.judgeRows(page, has, summed)
	}
}
