package repo

import (
	"github.com/wanstore/wanstore/repo/internal/seal"
)

// Unsound is what was left out of one table, or of one tier in it, because it is not as it was
// written.
type Unsound struct {
	Table string
	// raw, 1m, 5m or 1h; "" for a table without tiers, and for a row that does not say
	Granularity string
	Rows        int64
	// where these rows say that they are, both ends included; 0 for a table without moments
	From, Until Micros
}

// Unsound returns what has been met since the file was opened, or by the last walk over the whole
// file.
func (w *Writer) Unsound() []Unsound { return unsoundOf(w.unsound) }

// Unmerged returns how many samples could not join a bucket, because that is not sound, since the
// file was opened.
func (w *Writer) Unmerged() int64 { return w.unsound.UnmergedSamples() }

// Unsound returns what has been met in reading since the file was opened, and not given up by the
// tiers since.
func (r *Reader) Unsound() []Unsound { return unsoundOf(r.unsound) }

func unsoundOf(log *seal.Log) []Unsound {
	spans := log.Spans()
	list := make([]Unsound, 0, len(spans))
	for _, span := range spans {
		list = append(list, Unsound{
			Table: span.Table, Granularity: span.Granularity, Rows: span.Rows,
			From: Micros(span.From), Until: Micros(span.Until),
		})
	}
	return list
}
