package importer

import "github.com/wanstore/wanstore/service"

// Result is what an import has done. Read is the sum of Stored, Duplicate and Refused.
type Result struct {
	Read      int64           // rows that the writer got
	Stored    int64           // rows that the writer has stored
	Duplicate int64           // rows that were there already
	Refused   service.Refused // rows that the writer has refused, by cause
	Bad       int64           // lines that are no rows
	Known     int64           // lines after the header, or rows, that an earlier import has taken
	Skipped   Skipped         // rows that were left out, by cause

	// Of a database of wanctl:
	Pruned int64   // rows that have lost some of their labels
	Held   int64   // rows whose second may not be over yet: the next import takes them
	Raw    RawRows // how far back its raw rows reach
}

// Add adds what the next import of the same data has done.
func (r *Result) Add(next Result) {
	r.add(0, service.ImportCounts{
		Stored: next.Stored, Duplicate: next.Duplicate, Refused: next.Refused,
	})
	r.Read += next.Read
	r.Bad += next.Bad
	r.Skipped.add(next.Skipped)
	r.Pruned += next.Pruned
	r.Held, r.Raw = next.Held, next.Raw // of the data as it is now
}

func (r *Result) add(rows int, counts service.ImportCounts) {
	r.Read += int64(rows)
	r.Stored += counts.Stored
	r.Duplicate += counts.Duplicate
	r.Refused.Value += counts.Refused.Value
	r.Refused.Ahead += counts.Refused.Ahead
	r.Refused.TooOld += counts.Refused.TooOld
	r.Refused.Aggregation += counts.Refused.Aggregation
	r.Refused.Series += counts.Refused.Series
	r.Refused.TooMany += counts.Refused.TooMany
	r.Refused.Damaged += counts.Refused.Damaged
}
