package functions

import (
	"math"

	"github.com/ncruces/go-sqlite3"
)

// largest is the magnitude up to which sums of what others have written stay finite, however many
// there are.
const largest = 1e300

// mostSamples is how many samples a bucket may have that others have written: sums of counts, and
// the counts of sketches, stay far below 64 bits.
const mostSamples = 1 << 40

// What a block covers before and behind the moment of its key, in microseconds.
const (
	before = 1000
	behind = 60_000_000
)

// types are those of the columns that a check value covers, which SQLite sees to in what is written
// by hand: INTEGER, REAL, TEXT and BLOB. C (COUNT) and N are INTEGERs as well, N is at least one.
var types = map[string]string{
	"series":        "ITTTT",
	"raw_blocks":    "IIIT",
	"raw_samples":   "IIR",
	"rollups":       "TIINRRR",
	"sketches":      "IB",
	"state_rollups": "TIIRCC",
	"tiers":         "TIII",
	"clock":         "IIII",
	"imports":       "ITTIIIIIBIBI",
	"salvages":      "ITBITTI",

	"metric_metadata": "TTTTI",
}

// counts says that a row without a check value, which somebody has written by hand, can be reckoned
// with. Of a block that is more than its numbers: what folds and packs blocks relies on never
// seeing one that is malformed.
func (s *sealer) counts(row []sqlite3.Value) bool {
	table, columns := tableName(row[0]), row[1:]
	want, known := types[table]
	if !known || len(want) != len(columns) {
		return !known
	}
	for i, value := range columns {
		kind := value.Type()
		if !isOf(want[i], kind) || kind == sqlite3.FLOAT && math.Abs(value.Float()) > largest {
			return false
		}
		if least, ok := leastCount[want[i]]; ok && !IsCount(value.Int64(), least) {
			return false
		}
	}
	return table != "raw_blocks" || s.isBlock(columns)
}

// leastCount is the least that a column of a count may have, by its type.
var leastCount = map[byte]int64{'C': 0, 'N': 1}

// IsCount says that a bucket may have so many samples, and has at least so many. No program writes
// anything else, but a hand may.
func IsCount(samples, least int64) bool { return samples >= least && samples <= mostSamples }

func isOf(want byte, kind sqlite3.Datatype) bool {
	switch kind {
	case sqlite3.INTEGER:
		return want == 'I' || want == 'C' || want == 'N'
	case sqlite3.FLOAT:
		return want == 'R'
	case sqlite3.TEXT:
		return want == 'T'
	case sqlite3.BLOB:
		return want == 'B'
	default:
		return false
	}
}

// isBlock says that a payload is well formed, and that the other columns describe it truly.
func (s *sealer) isBlock(columns []sqlite3.Value) bool {
	id, last, count := columns[0].Int64(), columns[1].Int64(), columns[2].Int64()
	base, newest, samples := id%PartKeys, int64(-1), int64(0)
	if id < 0 {
		return false
	}
	for s.walker.Open(columns[3].RawText(), base); s.walker.Next(); {
		times := s.walker.Times()
		if s.walker.Series()/partSeries != id/PartKeys || times[0] < max(base-before, 0) {
			return false
		}
		for _, value := range s.walker.Values() {
			if math.Abs(value) > largest {
				return false
			}
		}
		newest, samples = max(newest, times[len(times)-1]), samples+int64(len(times))
	}
	return s.walker.Err() == nil && samples == count && newest == last && newest < base+behind
}
