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
	Rows     int64 `json:"rows"`
	Disorder bool  `json:"disorder"` // the keys of sound rows do not rise: pages were exchanged, or are there twice
	Last     Key   `json:"last"`     // the last sound row, or the last one if none is
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

// defineLook defines look(keys, chk, table, column...), an aggregate that looks whether rows are sound, and whether their
// keys rise: their first so many columns. It makes the JSON of a Looked.
func defineLook(conn *sqlite3.Conn, log *seal.Log) error {
	const anyNumber = -1
	s := &sealer{log: log}
	return conn.CreateWindowFunction("look", anyNumber, sqlite3.DETERMINISTIC, func() sqlite3.AggregateFunction {
		return &looker{sealer: s}
	})
}

type looker struct {
	*sealer

	looked Looked
	sound  bool // the last row is one
}

func (l *looker) Step(_ sqlite3.Context, arg ...sqlite3.Value) {
	key := keyOf(arg[3 : 3+arg[0].Int()])
	l.looked.Rows++
	if !l.sealer.sound(arg[1], arg[2:]) {
		if !l.sound {
			l.looked.Last = key
		}
		return
	}
	l.looked.Disorder = l.looked.Disorder || l.sound && key.Compare(l.looked.Last) <= 0
	l.looked.Last, l.sound = key, true
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
	text, err := json.Marshal(l.looked)
	if err != nil {
		ctx.ResultError(err)
		return
	}
	ctx.ResultRawText(text)
}
