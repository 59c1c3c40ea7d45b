package repo

import "sync"

// sparePages are pages of buckets that nobody needs any more, for other views to use again: half of
// what a short question allocates is pages. Nil has none and takes none.
type sparePages struct{ pool sync.Pool }

// get returns an empty page.
func (s *sparePages) get() []Bucket {
	if s == nil {
		return nil
	}
	if page, ok := s.pool.Get().(*[]Bucket); ok {
		return (*page)[:0]
	}
	return nil
}

// put takes a page back.
func (s *sparePages) put(page []Bucket) {
	if s == nil || cap(page) > 2*pageRows {
		return
	}
	clear(page) // or the sketches would stay
	s.pool.Put(&page)
}
