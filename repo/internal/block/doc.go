// Package block writes and reads the payload of a block: the raw samples that one commit brings of
// the series of one part, as JSON that any SQLite reads.
//
//	[{"t":[dt,...],"v":{"<series_id>":<values>,...}},...]
//
// t has moments in microseconds since the block's own. They rise, there is at least one, and they
// may be before the block's. v has each series with a sample at every one of these moments, as
//
//	value                  the same at all of them
//	[[i,value],...]        the same from the ith moment on; i rises from 0
//	[value,...]            one a moment
//
// A series is in one element only. A value is the shortest decimal that reads back to the bit, and
// -0 is 0.
package block

// SeriesPerPart is how many series a part has: those of one block have the same id / SeriesPerPart.
const SeriesPerPart = 256

// Sample is a finite value of a series at a moment in microseconds since 1970.
type Sample struct {
	SeriesID int64
	TS       int64
	Value    float64
}
