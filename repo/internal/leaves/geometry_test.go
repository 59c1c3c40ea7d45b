package leaves

import "testing"

// Each page that can have content is spoken of by one page of the map, which comes before it, and
// has room for it.
func TestMapOf(t *testing.T) {
	for _, g := range []geometry{{512, 0}, {512, 8}, {4096, 0}, {65536, 0}, {65536, 8}} {
		for _, from := range []int{2, max(2, g.lockByte()-2*g.perMap()), g.lockByte() - 1} {
			for n := from; n < from+4*g.perMap(); n++ {
				page := g.mapOf(n)
				switch {
				case n == g.lockByte(), page == n && g.mapOf(n+1) == n:
				case page == g.lockByte(), page >= n, 5*(n-page) > g.usable():
					t.Errorf("%+v: page %d is on page %d of the map", g, n, page)
				}
			}
		}
	}
}
