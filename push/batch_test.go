package push

import (
	compare "cmp"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// flat lists the samples of batches, each with the number of its series.
func flat(batches ...batch) [][2]int64 {
	var list [][2]int64
	for _, b := range batches {
		for _, r := range b {
			for _, s := range r.samples {
				list = append(list, [2]int64{r.series.series, s.ts})
			}
		}
	}
	return list
}

func drawBatch(t *rapid.T) batch {
	var b batch
	for i := range rapid.IntRange(0, 6).Draw(t, "series") {
		r := run{series: &derived{series: int64(i)}}
		for ts := range rapid.IntRange(1, 7).Draw(t, "samples") {
			r.samples = append(r.samples, sample{ts: int64(ts)})
		}
		b = append(b, r)
	}
	return b
}

// However a batch is cut, its samples stay the same and in order.
func TestCutBatch(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := drawBatch(t)
		at := rapid.IntRange(0, b.size()).Draw(t, "at")
		first, second := b.cut(at)
		if first.size() != at {
			t.Fatalf("%d samples before the cut at %d", first.size(), at)
		}
		if diff := cmp.Diff(flat(b), flat(first, second)); diff != "" {
			t.Fatalf("cut at %d:\n%s", at, diff)
		}
		size := rapid.IntRange(1, 9).Draw(t, "size")
		posts := b.batches(size)
		for _, post := range posts {
			if n := post.size(); n > size || n == 0 {
				t.Fatalf("a POST of %d samples, want 1 to %d", n, size)
			}
		}
		byTime := func(a, b [2]int64) int {
			return compare.Or(compare.Compare(a[1], b[1]), compare.Compare(a[0], b[0]))
		}
		want, got := flat(b), flat(posts...)
		slices.SortFunc(want, byTime)
		var last int64
		for _, post := range posts {
			for _, one := range flat(post) {
				if one[1] < last {
					t.Fatalf("a POST goes back from %d to %d", last, one[1])
				}
			}
			for _, one := range flat(post) {
				last = max(last, one[1])
			}
		}
		slices.SortFunc(got, byTime)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("POSTs of %d:\n%s", size, diff)
		}
	})
}
