package importer

import "time"

// batchLines is how many lines are stored in one transaction: about 25 ms of work, which a sample
// that is recorded meanwhile has to wait for.
const batchLines = 5000

// attempts bounds how often an import starts over because another has begun at the same moment.
const attempts = 20

// Options says how to import. The zero Options are good for both formats.
type Options struct {
	// Now is the moment that the messages of errors count ages from, if it is not the machine's
	// time. What is too old is decided by the clock of the writer.
	Now time.Time
	// SkipBad goes on after a bad line or row.
	SkipBad bool
	// OnBad gets every bad line or row, the one that stops an import among them.
	OnBad func(*LineError)
	// Progress gets how much has been read and how much there is: bytes of a CSV file, compressed
	// if it is, or rows of a database. While standard input is copied to a temporary file, total is
	// less than 0.
	Progress func(done, total int64)

	// Of CSV: Merge takes rows that lie where the history holds rolled-up data of their series,
	// which may have them already, and those that earlier imports of the same data have skipped
	// for that. By default Result.Skipped counts them.
	Merge bool
	// OnHeld gets the number of such rows before anything is stored, if there are any.
	OnHeld func(HeldRows)

	// Of a database of wanctl: KeepLabels keeps all labels. By default those that are prose make no
	// series, since the text of a reason is another one with each event.
	KeepLabels bool
	// OnSkipped gets every row that Result.Skipped counts.
	OnSkipped func(*LineError)

	batch int64            // lines of a batch, batchLines by default
	clock func() time.Time // that writers of a database go by, time.Now by default
}

func (o Options) withDefaults() Options {
	if o.OnBad == nil {
		o.OnBad = func(*LineError) {}
	}
	if o.OnHeld == nil {
		o.OnHeld = func(HeldRows) {}
	}
	if o.OnSkipped == nil {
		o.OnSkipped = func(*LineError) {}
	}
	if o.Progress == nil {
		o.Progress = func(int64, int64) {}
	}
	if o.batch == 0 {
		o.batch = batchLines
	}
	if o.clock == nil {
		o.clock = time.Now
	}
	return o
}
