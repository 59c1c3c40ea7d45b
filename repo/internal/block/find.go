package block

import (
	"bytes"
	"strconv"
)

// find reads the one series, if it is there: its key is in quotes, and nothing else is that looks
// like a number.
func (w *Walker) find() bool {
	var room [24]byte
	key := append(strconv.AppendInt(append(room[:0], '"'), w.one, 10), '"')
	found := bytes.Index(w.text, key)
	if found < 0 {
		return false
	}
	if !w.seek(found) || !w.readTimes() || !w.word(`,"v":{`) {
		return w.fail()
	}
	w.at = found
	return w.readSeries()
}

// seek goes to the beginning of the element in which something is: each ends with the only two
// braces that close.
func (w *Walker) seek(found int) bool {
	if !w.word("[") {
		return false
	}
	for {
		end := bytes.IndexByte(w.text[w.at:], '}')
		if end < 0 {
			return false
		}
		if w.at+end > found {
			return true
		}
		w.at += end
		if !w.word("}},") {
			return false
		}
	}
}
