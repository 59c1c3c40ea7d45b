package functions

import (
	"cmp"
	"encoding/json"
	"math"

	"github.com/ncruces/go-sqlite3"

	"github.com/wanstore/wanstore/repo/internal/seal"
)

// Looked is what the aggregate look has seen.
type Looked struct {
	Rows int64 `json:"rows"`
	// the keys of sound rows do not rise: pages were exchanged, or are there twice
	Disorder bool `json:"disorder"`

	// Last is behind which key to go on: that of the last sound row, or of the last one if none is.
	// Of states there may be more of the last bucket, so it is the end of the one before.
	Last Key `json:"last"`
	// Cut says that there is none before: it takes more rows to see the end of the last bucket.
	Cut bool `json:"cut"`
}

// Key is the key of a row of any table.
type Key struct {
	Granularity string   `json:"granularity"`
	IDs         [2]int64 `json:"ids"` // its numbers, in their order
	Value       float64  `json:"value"`
}

// Compare says which key comes first. SQLite compares texts by their bytes, as Go does.
func (k Key) Compare(other Key) int {
	return cmp.Or(
		cmp.Compare(k.Granularity, other.Granularity), cmp.Compare(k.IDs[0], other.IDs[0]),
		cmp.Compare(k.IDs[1], other.IDs[1]), cmp.Compare(k.Value, other.Value),
	)
}

// defineLook defines look(keys, most, chk, table, column...), an aggregate that looks whether rows
// are sound, whether their keys rise (their first so many columns), and whether buckets of states
// are whole. There are so many rows at most. It makes the JSON of a Looked.
func defineLook(conn *sqlite3.Conn, log *seal.Log) error {
	const anyNumber = -1
	s := &sealer{log: log}
	return conn.CreateWindowFunction("look", anyNumber, sqlite3.DETERMINISTIC,
		func() sqlite3.AggregateFunction {
			return &looker{sealer: s}
		})
}

type looker struct {
	*sealer

	looked Looked
	sound  bool // the row that is called the last is one
	most   int64

	bucket seal.Bucket // of states, the last one
	before Key         // the last sound row before it
	first  bool        // there is no such row
}

func (l *looker) Step(_ sqlite3.Context, arg ...sqlite3.Value) {
	l.most = arg[1].Int64()
	chk, row := arg[2], arg[3:]
	l.looked.Rows++
	sound := l.sealer.sound(chk, row)
	if tableName(row[0]) == "state_rollups" {
		l.addState(row, sound, chk.Type() != sqlite3.NULL)
	}
	key := keyOf(row[1 : 1+arg[0].Int()])
	if !sound {
		if !l.sound {
			l.looked.Last = key
		}
		return
	}
	l.looked.Disorder = l.looked.Disorder || l.sound && key.Compare(l.looked.Last) <= 0
	l.looked.Last, l.sound = key, true
}

// addState adds a row to its bucket, after the one before has ended.
func (l *looker) addState(row []sqlite3.Value, sound, sealed bool) {
	const count, total = 5, 6
	if key := key(row); key != l.bucket.Key {
		l.endBucket()
		l.bucket, l.before, l.first = seal.Bucket{Key: key}, l.looked.Last, !l.sound
	}
	l.bucket.Add(row[count].Int64(), row[total].Int64(), sound, sealed)
}

func (l *looker) endBucket() {
	if !l.bucket.IsWhole() {
		l.log.Note(l.bucket.Key)
	}
}

func keyOf(columns []sqlite3.Value) (key Key) {
	ids := 0
	for _, value := range columns {
		switch value.Type() {
		case sqlite3.INTEGER:
			key.IDs[ids%len(key.IDs)] = value.Int64()
			ids++
		case sqlite3.FLOAT:
			key.Value = max(-math.MaxFloat64, min(math.MaxFloat64, value.Float())) // JSON has no infinity
		default:
			key.Granularity = value.Text()
		}
	}
	return key
}

func (l *looker) Value(ctx sqlite3.Context) {
	l.cut()
	text, err := json.Marshal(l.looked)
	if err != nil {
		ctx.ResultError(err)
		return
	}
	ctx.ResultRawText(text)
}

// cut ends the last bucket of states or, where it may go on, says how to continue. Until then other
// states may join the bucket before: so it ends behind all that there can be.
func (l *looker) cut() {
	switch {
	case l.looked.Rows < l.most:
		l.endBucket()
	case l.bucket == seal.Bucket{} || !l.sound:
	case l.first:
		l.looked.Cut = true
	default:
		l.looked.Last = l.before
		l.looked.Last.Value = math.MaxFloat64
	}
}
