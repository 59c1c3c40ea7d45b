package block

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
)

// ErrMalformed is what is wrong with a payload that is not as the package says.
var ErrMalformed = errors.New("malformed block")

// Walker goes through the series of a payload. Its zero value is ready to be opened, and it keeps
// its memory for the next payload: 16 bytes for each moment of the largest element. It is not for
// concurrent use.
//
// A payload with white space is read too, at half the speed. The order of elements and series is
// free, that of t and v is not. An element without series is nothing wrong.
type Walker struct {
	text   []byte
	at     int // where text is read on
	base   int64
	only   bool  // the one series alone
	one    int64 // which
	inside bool  // of an element, before a series
	begun  bool  // an element is behind
	done   bool
	err    error
	walked int // series

	part int64                      // of the series
	seen [SeriesPerPart / 64]uint64 // a bit for each series that was there

	series int64
	times  []int64
	values []float64

	tightened bool
	tight     bytes.Buffer
}

// Open begins to read all series of the payload of a block at the moment base. The payload has to
// stay as it is until Next returns false.
func (w *Walker) Open(payload []byte, base int64) {
	w.base, w.only, w.walked, w.tightened = base, false, 0, false
	w.rewind(payload)
}

// OpenOne is Open for one series, which Next then finds or does not. Only that series and the
// moments of its element are read, so that damage elsewhere need not be noticed.
func (w *Walker) OpenOne(payload []byte, base, seriesID int64) {
	w.Open(payload, base)
	w.only, w.one = true, seriesID
}

// Next reads the next series. It returns false behind the last one, and where the payload is
// malformed: Err tells.
func (w *Walker) Next() bool {
	if w.done {
		return false
	}
	ok := w.step()
	if w.err != nil && w.tighten() {
		ok = w.again()
	}
	if ok {
		w.walked++
		return true
	}
	w.done, w.text = true, nil
	return false
}

// Err returns ErrMalformed after Next has found the payload to be so, and nil before.
func (w *Walker) Err() error { return w.err }

// Series returns the id of the series.
func (w *Walker) Series() int64 { return w.series }

// Times returns the moments of the series in rising order, in microseconds since 1970. They are
// valid until the next call of Next, Open or OpenOne, as the values are.
func (w *Walker) Times() []int64 { return w.times }

// Values returns the value at each of the moments.
func (w *Walker) Values() []float64 { return w.values }

// rewind begins at the beginning of a text.
func (w *Walker) rewind(text []byte) {
	w.text, w.at, w.err = text, 0, nil
	w.inside, w.begun, w.done = false, false, false
	w.part, w.seen = -1, [SeriesPerPart / 64]uint64{}
}

// tighten takes the white space out of a text in which something was not expected, and says whether
// it is worth reading again.
func (w *Walker) tighten() bool {
	if w.tightened || !bytes.ContainsAny(w.text, " \t\r\n") {
		return false
	}
	w.tightened = true
	w.tight.Reset()
	return json.Compact(&w.tight, w.text) == nil
}

// again reads the tightened text up to the series behind those that there were.
func (w *Walker) again() bool {
	w.rewind(w.tight.Bytes())
	for range w.walked + 1 {
		if !w.step() {
			return false
		}
	}
	return true
}

// step reads the next series, if there is one.
func (w *Walker) step() bool {
	if w.only {
		return w.walked == 0 && w.find()
	}
	for !w.inside {
		if !w.enter() {
			return false
		}
	}
	return w.readSeries()
}

// enter reads the beginning of the next element, if there is one.
func (w *Walker) enter() bool {
	if !w.begun && !w.word("[") {
		return w.fail()
	}
	if w.word("]") {
		return w.at < len(w.text) && w.fail()
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

func (w *Walker) fail() bool {
	w.err = ErrMalformed
	return false
}
