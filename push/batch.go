package push

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

// batches cuts what is to be sent into POSTs of so many samples.
func (b batch) batches(size int) []batch {
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
