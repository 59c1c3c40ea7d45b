package importer

// MaxRecord is the most bytes of a record.
const MaxRecord = maxRecord

// WithBatch returns the options with another size of the batches.
func (o Options) WithBatch(lines int64) Options {
	o.batch = lines
	return o
}
