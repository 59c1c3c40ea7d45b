package service

import (
	"fmt"
	"strings"
	"time"

	"github.com/wanstore/wanstore/repo"
)

// SalvageReport says what was found in a damaged file, and what became of its rows.
type SalvageReport struct {
	Pages     int // of the file
	LostPages int // of these, the ones of which something cannot be read any more
	// Found is what the pages have, by table and tier.
	Found []SalvagedRows
	// Torn is how many buckets of states lack a row, which a lost page took with it. They are left
	// out.
	Torn int64
	// Nameless is how many samples and buckets belong to series whose names are lost, in their own
	// rows and in the index. They are left out.
	Nameless int64
	// Tiers is what has become of the rest, by tier.
	Tiers [Hour + 1]SalvagedTier
}

// SalvagedRows is what was found of one table or, of buckets, of one tier in it.
type SalvagedRows struct {
	Table       string // "" for rows of which nothing tells
	Granularity string // raw, 1m, 5m or 1h; "" for a table without tiers
	Rows        int64
	Sound       int64 // those that are as they were written
	// From and Until are the first and the last moment of the sound ones, zero for a table without
	// moments.
	From, Until time.Time
}

// SalvagedTier is what has become of the samples of the raw tier, or of the rows of another one.
type SalvagedTier struct {
	Taken int64
	// GivenUp is what was not taken: it is too old by now, its metric has another aggregation here,
	// or what it says is there.
	GivenUp int64
}

// Taken returns how many samples and buckets were taken.
func (r SalvageReport) Taken() (rows int64) {
	for _, tier := range r.Tiers {
		rows += tier.Taken
	}
	return rows
}

// String is for people.
func (r SalvageReport) String() string {
	var rows, sound int64
	for _, found := range r.Found {
		rows, sound = rows+found.Rows, sound+found.Sound
	}
	parts := []string{fmt.Sprintf("%d of %d rows found are sound, %d of %d pages are lost",
		sound, rows, r.LostPages, r.Pages)}
	if r.Torn > 0 {
		parts = append(parts, fmt.Sprintf("%d buckets of states lack a row", r.Torn))
	}
	if r.Nameless > 0 {
		parts = append(parts,
			fmt.Sprintf("%d samples and buckets are of series whose names are lost", r.Nameless))
	}
	for g, tier := range r.Tiers {
		parts = append(parts,
			fmt.Sprintf("%s: %d taken, %d given up", Granularity(g), tier.Taken, tier.GivenUp))
	}
	return strings.Join(parts, "; ")
}

func salvageReport(r repo.SalvageReport) SalvageReport {
	report := SalvageReport{
		Pages: r.Pages, LostPages: r.LostPages, Torn: r.Torn, Nameless: r.Nameless,
	}
	for _, found := range r.Found {
		rows := SalvagedRows{
			Table: found.Table, Granularity: found.Granularity, Rows: found.Rows, Sound: found.Sound,
		}
		if found.From != 0 || found.Until != 0 {
			rows.From, rows.Until = found.From.Time(), found.Until.Time()
		}
		report.Found = append(report.Found, rows)
	}
	for g, tier := range r.Tiers {
		report.Tiers[g] = SalvagedTier(tier)
	}
	return report
}
