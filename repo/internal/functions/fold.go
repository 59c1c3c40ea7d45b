package functions

import (
	"encoding/binary"
	"errors"
	"math"

	"github.com/ncruces/go-sqlite3"

	"github.com/wanstore/wanstore/internal/sketch"
	"github.com/wanstore/wanstore/repo/internal/block"
)

// defineFold defines fold_blocks(payload, id, bucket, from, until, states, plain), an aggregate
// that makes one blob of what the samples that blocks have in [from, until) come to: one row a
// series and bucket or, for the series of the JSON array states, one a series, bucket and value.
// Rows of measurements have a sketch, but for the series of the JSON array plain, or for all if it
// is NULL. The row source folded_buckets makes rows of that blob.
func defineFold(conn *sqlite3.Conn) error {
	const arguments = 7
	f := new(folder)
	return errors.Join(
		conn.CreateWindowFunction("fold_blocks", arguments, sqlite3.DETERMINISTIC,
			func() sqlite3.AggregateFunction {
				f.Clear()
				f.rising = rising{}
				return f
			}),
		//nolint:staticcheck // methods are not generic yet
		sqlite3.CreateModule(conn, "folded_buckets", nil, connectFolded),
	)
}

// folder is of one connection, which folds one thing at a time.
type folder struct {
	Folded

	walker block.Walker
	states picked
	plain  picked
	rising rising
}

// Folded is what samples come to, by series, bucket and state. The zero value is nothing.
type Folded struct {
	rows    map[foldKey]int   // to folded
	holders map[bucketKey]int // of states the rows that have the totals of their buckets
	folded  []foldedRow
	blob    []byte
	spare   []*sketch.Sketch
}

// AddState adds so many samples of a series that were in a state.
func (f *Folded) AddState(series, bucket int64, state float64, samples int64) {
	f.row(foldKey{bucketKey{series, bucket}, math.Float64bits(state)}).count += samples
}

// Blob returns what the row source folded_buckets makes rows of, until the next call. It is empty
// if there are none.
func (f *Folded) Blob() []byte {
	f.addTotals()
	f.blob = f.blob[:0]
	for i := range f.folded {
		f.blob = f.folded[i].append(f.blob)
	}
	return f.blob
}

// addTotals gives the first row of each bucket of states the samples of all its rows.
func (f *Folded) addTotals() {
	clear(f.holders)
	for i := range f.folded {
		row := &f.folded[i]
		row.total = 0
		if row.state == noState {
			continue
		}
		holder, ok := f.holders[row.bucketKey]
		if !ok {
			holder = i
			f.holders[row.bucketKey] = i
		}
		f.folded[holder].total += row.count
	}
}

// Clear makes it nothing.
func (f *Folded) Clear() {
	clear(f.rows)
	for i := range f.folded {
		if s := f.folded[i].sketch; s != nil {
			f.spare = append(f.spare, s)
		}
	}
	f.folded = f.folded[:0]
}

// foldKey is numbers alone, since those are hashed fastest. state is the bits of a value, or
// noState.
type foldKey struct {
	bucketKey

	state uint64
}

type bucketKey struct{ series, bucket int64 }

// noState is the bits of a NaN, which no value is.
const noState = math.MaxUint64

type foldedRow struct {
	foldKey

	count         int64
	total         int64 // of states, in one row of a bucket
	sum, min, max float64
	newest        int64
	newestValue   float64
	sketch        *sketch.Sketch // nil for none
}

func (f *folder) Step(_ sqlite3.Context, arg ...sqlite3.Value) {
	bucket, from, until := arg[2].Int64(), arg[3].Int64(), arg[4].Int64()
	f.states.parse(arg[5])
	sketched := arg[6].Type() != sqlite3.NULL
	if sketched {
		f.plain.parse(arg[6])
	}
	for f.walker.Open(arg[0].RawText(), f.rising.moment(arg[1].Int64())); f.walker.Next(); {
		series := f.walker.Series()
		_, isState := f.states.ids[series]
		_, isPlain := f.plain.ids[series]
		kind := kind{isState: isState, sketched: sketched && !isState && !isPlain}
		f.add(series, kind, f.walker.Times(), f.walker.Values(), bucket, from, until)
	}
}

// kind is what samples of a series come to.
type kind struct{ isState, sketched bool }

// add adds samples of a series. Those that follow each other are of one bucket as a rule, and of
// one state.
func (f *folder) add(
	series int64, kind kind, times []int64, values []float64, bucket, from, until int64,
) {
	var row *foldedRow
	state := uint64(noState)
	for i, ts := range times {
		if ts < from || ts >= until {
			continue
		}
		value := values[i]
		if kind.isState {
			state = math.Float64bits(value)
		}
		if row == nil || ts < row.bucket || ts-row.bucket >= bucket || state != row.state {
			row = f.row(foldKey{bucketKey{series, ts / bucket * bucket}, state})
			if kind.sketched && row.sketch == nil {
				row.sketch = f.newSketch()
			}
		}
		if row.sketch != nil {
			row.sketch.Add(value, 1)
		}
		row.count++
		row.sum += value
		row.min, row.max = min(row.min, value), max(row.max, value)
		if ts > row.newest {
			row.newest, row.newestValue = ts, value
		}
	}
}

func (f *Folded) row(key foldKey) *foldedRow {
	at, ok := f.rows[key]
	if !ok {
		if f.rows == nil {
			f.rows, f.holders = map[foldKey]int{}, map[bucketKey]int{}
		}
		at = len(f.folded)
		f.rows[key] = at
		f.folded = append(f.folded,
			foldedRow{foldKey: key, min: math.Inf(1), max: math.Inf(-1), newest: -1})
	}
	return &f.folded[at]
}

func (f *Folded) newSketch() *sketch.Sketch {
	last := len(f.spare) - 1
	if last < 0 {
		return new(sketch.Sketch)
	}
	s := f.spare[last]
	f.spare = f.spare[:last]
	s.Reset()
	return s
}

// foldedWords is how many numbers a row has in the blob, before the bytes of its sketch. The last
// one is how many these are.
const foldedWords = 11

func (f *folder) Value(ctx sqlite3.Context) { f.rising.result(ctx, f.Blob()) }

func (r *foldedRow) append(blob []byte) []byte {
	for _, word := range [...]uint64{
		uint64(r.series), uint64(r.bucket), r.state, uint64(r.count), uint64(r.total),
		math.Float64bits(r.sum), math.Float64bits(r.min), math.Float64bits(r.max),
		uint64(r.newest), math.Float64bits(r.newestValue), 0,
	} {
		blob = binary.LittleEndian.AppendUint64(blob, word)
	}
	if r.sketch == nil {
		return blob
	}
	begin := len(blob)
	blob = r.sketch.Append(blob)
	binary.LittleEndian.PutUint64(blob[begin-8:], uint64(len(blob)-begin))
	return blob
}

// The columns of folded_buckets, the last of which is hidden: the blob.
const (
	foldedColumns = `CREATE TABLE folded_buckets (series_id INTEGER, ts INTEGER, state REAL,
		count INTEGER, total INTEGER, sum REAL, min REAL, max REAL,
		newest_ts INTEGER, newest_value REAL, sketch BLOB, folded BLOB HIDDEN)`
	stateColumn  = 2
	sketchColumn = 10
	blobColumn   = 11
)

func connectFolded(conn *sqlite3.Conn, _, _, _ string, _ ...string) (foldedBuckets, error) {
	return foldedBuckets{}, conn.DeclareVTab(foldedColumns)
}

type foldedBuckets struct{}

// BestIndex wants the blob.
func (foldedBuckets) BestIndex(index *sqlite3.IndexInfo) error {
	for i, c := range index.Constraint {
		if c.Column == blobColumn && c.Op == sqlite3.INDEX_CONSTRAINT_EQ && c.Usable {
			index.ConstraintUsage[i] = sqlite3.IndexConstraintUsage{Omit: true, ArgvIndex: 1}
			return nil
		}
	}
	return sqlite3.CONSTRAINT
}

func (foldedBuckets) Open() (sqlite3.VTabCursor, error) { return new(foldedCursor), nil }

// foldedCursor walks the rows of a blob, a copy, since SQLite's own lasts no longer than Filter.
type foldedCursor struct {
	blob []byte
	at   int // where the row begins
	row  int64
}

func (c *foldedCursor) Filter(_ int, _ string, arg ...sqlite3.Value) error {
	c.blob, c.at, c.row = append(c.blob[:0], arg[0].RawBlob()...), 0, 0
	return nil
}

func (c *foldedCursor) Next() error {
	c.at += foldedWords*8 + len(c.sketch())
	c.row++
	return nil
}

func (c *foldedCursor) EOF() bool             { return c.at+foldedWords*8 > len(c.blob) }
func (c *foldedCursor) RowID() (int64, error) { return c.row, nil }

func (c *foldedCursor) word(i int) uint64 {
	return binary.LittleEndian.Uint64(c.blob[c.at+i*8:])
}

func (c *foldedCursor) sketch() []byte {
	begin := c.at + foldedWords*8
	return c.blob[begin : begin+int(min(c.word(foldedWords-1), uint64(len(c.blob)-begin)))]
}

func (c *foldedCursor) Column(ctx sqlite3.Context, column int) error {
	word := c.word(column)
	switch column {
	case 0, 1, 3, 4, 8:
		ctx.ResultInt64(int64(word))
	case sketchColumn:
		if bytes := c.sketch(); len(bytes) > 0 {
			ctx.ResultBlob(bytes)
		}
	default:
		if number := math.Float64frombits(word); column != stateColumn || !math.IsNaN(number) {
			ctx.ResultFloat(number)
		}
	}
	return nil
}
