package push

import (
	"cmp"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
)

// run is a stretch of samples of one series, in the order of time.
type run struct {
	series  *derived
	samples []sample
}

// batch is what one POST sends.
type batch []run

// size is how many samples it has.
func (b batch) size() int {
	size := 0
	for _, r := range b {
		size += len(r.samples)
	}
	return size
}

// split cuts a batch in two of equal size, between series or within one.
func (b batch) split() (first, second batch) { return b.cut(b.size() / 2) }

// cut returns the first n samples of a batch, and the others.
func (b batch) cut(n int) (first, second batch) {
	for i, r := range b {
		if n >= len(r.samples) {
			n -= len(r.samples)
			continue
		}
		first, second = append(first, b[:i]...), b[i+1:]
		if n == 0 {
			return first, b[i:]
		}
		first = append(first, run{r.series, r.samples[:n]})
		return first, append(batch{{r.series, r.samples[n:]}}, second...)
	}
	return b, nil
}

// at returns one sample of a run, as a batch.
func (r run) at(n int) batch { return batch{{r.series, r.samples[n : n+1]}} }

// oldest returns the oldest sample of so many of its series, each as a batch: who takes samples in
// order takes the rest of the batch after them.
func (b batch) oldest(most int) []batch {
	var list []batch
	for _, n := range spread(len(b), most) {
		list = append(list, b[n].at(0))
	}
	return list
}

// spread picks so many of n places without a pattern, the same ones each time.
func spread(n, most int) []int {
	places := rand.New(rand.NewPCG(0, 0)).Perm(n) //nolint:gosec // no secret is made of it
	return places[:min(n, most)]
}

// batches cuts what is to be sent into POSTs of so many samples, in the order of time: a receiver
// may take nothing that is much older than the newest of the POST before.
func (b batch) batches(size int) []batch {
	at := map[int64]int{}
	for _, r := range b {
		for _, s := range r.samples {
			at[s.ts]++
		}
	}
	var list []batch
	samples, from := 0, int64(math.MinInt64)
	for _, ts := range slices.Sorted(maps.Keys(at)) {
		if samples > 0 && samples+at[ts] > size {
			list = append(list, b.between(from, ts).pieces(size)...)
			samples, from = 0, ts
		}
		samples += at[ts]
	}
	return append(list, b.between(from, math.MaxInt64).pieces(size)...)
}

// between returns what lies in [from, until).
func (b batch) between(from, until int64) batch {
	var part batch
	for _, r := range b {
		first := r.search(from)
		if n := r.search(until); n > first {
			part = append(part, run{r.series, r.samples[first:n]})
		}
	}
	return part
}

// search returns the place of the first sample at a moment or later.
func (r run) search(ts int64) int {
	at, _ := slices.BinarySearchFunc(r.samples, ts,
		func(s sample, ts int64) int { return cmp.Compare(s.ts, ts) })
	return at
}

// pieces cuts a batch into some of so many samples.
func (b batch) pieces(size int) []batch {
	var list []batch
	for b.size() > size {
		var first batch
		first, b = b.cut(size)
		list = append(list, first)
	}
	if len(b) > 0 {
		list = append(list, b)
	}
	return list
}
