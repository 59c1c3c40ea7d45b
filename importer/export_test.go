package importer

import "time"

// WithBatch returns the options with another size of the batches.
func (o Options) WithBatch(lines int64) Options {
	o.batch = lines
	return o
}

// WithClock returns the options with another clock for the writers of a database.
func (o Options) WithClock(clock func() time.Time) Options {
	o.clock = clock
	return o
}
