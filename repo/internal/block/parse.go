package block

import "slices"

// enter reads the beginning of the next element, if there is one.
func (w *Walker) enter() bool {
	if !w.begun && !w.word("[") {
		return w.fail()
	}
	if w.word("]") {
		if w.at < len(w.text) {
			return w.fail()
		}
		return false
	}
	if w.begun && !w.word(",") {
		return w.fail()
	}
	w.begun = true
	if !w.readTimes() || !w.word(`,"v":{`) {
		return w.fail()
	}
	w.inside = !w.word("}}")
	return true
}

// readTimes reads the moments of an element.
func (w *Walker) readTimes() bool {
	if !w.word(`{"t":[`) {
		return false
	}
	w.times = w.times[:0]
	for {
		dt, end := integer(w.text, w.at)
		if end < 0 {
			return false
		}
		w.at = end
		ts := w.base + dt
		if ts < w.base != (dt < 0) { // overflow
			return false
		}
		if n := len(w.times); n > 0 && ts <= w.times[n-1] {
			return false
		}
		w.times = append(w.times, ts)
		if w.word("]") {
			return true
		}
		if !w.word(",") {
			return false
		}
	}
}

// readSeries reads a series and what is behind it.
func (w *Walker) readSeries() bool {
	if !w.readKey() || !w.isNew() || !w.readValues() {
		return w.fail()
	}
	if w.word("}}") {
		w.inside = false
		return true
	}
	return w.word(",") || w.fail()
}

func (w *Walker) readKey() bool {
	if !w.word(`"`) {
		return false
	}
	id, end := natural(w.text, w.at)
	if end < 0 {
		return false
	}
	w.series, w.at = id, end
	return w.word(`":`)
}

// isNew says that the series is of the same part as the others and was not there before. This also
// bounds what a payload can expand to.
func (w *Walker) isNew() bool {
	if w.part < 0 {
		w.part = w.series / SeriesPerPart
	}
	bits, bit := &w.seen[w.series%SeriesPerPart/64], uint64(1)<<(w.series%64)
	if w.series/SeriesPerPart != w.part || *bits&bit != 0 {
		return false
	}
	*bits |= bit
	return true
}

// readValues reads a value for each of the moments.
func (w *Walker) readValues() bool {
	w.values = slices.Grow(w.values[:0], len(w.times))[:len(w.times)]
	switch {
	case w.word("[["):
		return w.readRuns()
	case w.word("["):
		return w.readList()
	}
	v, end := number(w.text, w.at)
	if end < 0 {
		return false
	}
	w.at = end
	fill(w.values, v)
	return true
}

func (w *Walker) readList() bool {
	behind := byte(',')
	for i := range w.values {
		if i == len(w.values)-1 {
			behind = ']'
		}
		v, end := number(w.text, w.at)
		if end < 0 || end == len(w.text) || w.text[end] != behind {
			return false
		}
		w.values[i], w.at = v, end+1
	}
	return true
}

// readRuns reads pairs, each of which holds until the next.
func (w *Walker) readRuns() bool {
	filled, held := 0, 0.0
	for first := true; ; first = false {
		i, end := natural(w.text, w.at)
		if end < 0 || i >= int64(len(w.values)) || first != (i == 0) || int(i) < filled {
			return false
		}
		fill(w.values[filled:i], held)
		w.at = end
		if !w.word(",") {
			return false
		}
		if held, end = number(w.text, w.at); end < 0 {
			return false
		}
		w.values[i], filled, w.at = held, int(i)+1, end
		if w.word("]]") {
			fill(w.values[filled:], held)
			return true
		}
		if !w.word("],[") {
			return false
		}
	}
}

func fill(values []float64, v float64) {
	for i := range values {
		values[i] = v
	}
}

// word goes behind a word, if it comes next.
func (w *Walker) word(s string) bool {
	if rest := w.text[w.at:]; len(rest) < len(s) || string(rest[:len(s)]) != s {
		return false
	}
	w.at += len(s)
	return true
}
