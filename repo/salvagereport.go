package repo

import (
	"slices"
)

// SalvageReport says what was found in a damaged file, and what became of its rows.
type SalvageReport struct {
	// Pages is how many pages the file has, LostPages those of which something cannot be read any
	// more.
	Pages     int `json:"pages"`
	LostPages int `json:"lost_pages"`
	// Found is what the pages have, by table and tier.
	Found []SalvagedRows `json:"found"`
	// Torn is how many buckets of states lack a row, which a lost page took with it. They are left
	// out.
	Torn int64 `json:"torn"`
	// Nameless is how many samples and buckets are of series whose names are lost, in their own
	// rows and in the index. They are left out.
	Nameless int64 `json:"nameless"`
	// Tiers is what has become of that, indexed by Granularity.
	Tiers [tierCount]SalvagedTier `json:"tiers"`
}

// SalvagedRows is what was found of one table or, of buckets, of one tier in it.
type SalvagedRows struct {
	Table       string `json:"table"`       // "" for rows of which nothing tells
	Granularity string `json:"granularity"` // raw, 1m, 5m or 1h, "" for a table without tiers
	Rows        int64  `json:"rows"`
	Sound       int64  `json:"sound"` // those that are as they were written
	// The span of the sound ones, both ends included; 0 for a table without moments.
	From  Micros `json:"from"`
	Until Micros `json:"until"`
}

// SalvagedTier is how many samples of the raw tier, or rows of another one, were taken.
type SalvagedTier struct {
	Taken int64 `json:"taken"`
	// GivenUp is what was not: it is too old by now, its metric has another aggregation here, or
	// what it says is there.
	GivenUp int64 `json:"given_up"`
}

// lost counts rows that are not as they were written.
func (r *SalvageReport) lost(table string, rows int) { r.of(table, "").Rows += int64(rows) }

// found counts a row that is sound, and says where it is, both ends included.
func (r *SalvageReport) found(table, g string, from, until Micros) {
	f := r.of(table, g)
	f.Rows++
	if f.Sound++; f.Sound == 1 {
		f.From, f.Until = from, until
	}
	f.From, f.Until = min(f.From, from), max(f.Until, until)
}

// of returns the part of a table and tier, and begins it with the first of its rows.
func (r *SalvageReport) of(table, g string) *SalvagedRows {
	i := slices.IndexFunc(r.Found,
		func(f SalvagedRows) bool { return f.Table == table && f.Granularity == g })
	if i < 0 {
		i = len(r.Found)
		r.Found = append(r.Found, SalvagedRows{Table: table, Granularity: g})
	}
	return &r.Found[i]
}

// Taken is how many samples and buckets were taken.
func (r *SalvageReport) Taken() (rows int64) {
	for _, tier := range r.Tiers {
		rows += tier.Taken
	}
	return rows
}
