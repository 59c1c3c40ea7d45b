package block

import (
	"bytes"
	"encoding/json"
	"errors"
)

// ErrMalformed is what is wrong with a payload that is not as the package says.
var ErrMalformed = errors.New("malformed block")

// Walker goes through the series of a payload. Its zero value is ready to be opened, and it keeps
// its memory for the next payload: 16 bytes for each moment of the largest element. It is not for
// concurrent use.
//
// A payload with white space is read too, but not as fast. The order of elements and series is
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

func (w *Walker) fail() bool {
	w.err = ErrMalformed
	return false
}
