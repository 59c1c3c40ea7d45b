package importer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/wanstore/wanstore/service"
)

// batchLines is how many lines are stored in one transaction: about 25 ms of work, which a sample
// that is recorded meanwhile has to wait for.
const batchLines = 5000

// attempts bounds how often an import starts over because another has begun at the same moment.
const attempts = 20

// Options says how to import.
type Options struct {
	// Now is the moment that ages are counted from, for messages. What counts is the clock of the
	// writer.
	Now time.Time
	// SkipBad goes on after a bad line.
	SkipBad bool
	// OnBad is told of every bad line, the one that stops an import among them.
	OnBad func(*LineError)
	// Merge takes rows that lie where the history holds rolled-up data of their series, which may
	// have them already, and those that earlier imports of the same data have skipped for that. By
	// default they are counted in Result.Skipped.
	Merge bool
	// OnHeld is told of such rows before anything is stored, if there are any.
	OnHeld func(HeldRows)
	// KeepLabels keeps all labels of the rows of a database. By default those that are prose make
	// no series: the text of a reason is another one with each event.
	KeepLabels bool
	// OnSkipped is told of every row of a database that Result.Skipped counts.
	OnSkipped func(*LineError)
	// Progress is told how many bytes of the file have been read, compressed if it is, and how many
	// there are; of a database, how many rows. While standard input is being spooled, total is less
	// than 0.
	Progress func(done, total int64)

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

// Result is what an import has done. Read is the sum of Stored, Duplicate and all that was refused.
type Result struct {
	Read      int64 // rows that were handed to the writer
	Stored    int64
	Duplicate int64 // rows that were there already
	Bad       int64 // lines that are no rows
	Known     int64 // lines after the header, or rows, that an earlier import had taken in
	Skipped   Skipped
	Pruned    int64 // rows whose labels were left out in part
	Held      int64 // rows of a database whose second may not be over yet: the next import takes them
	Refused   service.Refused
	Raw       RawRows
}

// CSV imports the CSV file at path, "-" for standard input, compressed by gzip or not. Its header
// is timestamp_ms,wan,metric,labels_json,value, or timestamp_us for microseconds.
//
// Only what no earlier import has taken in is stored, and it is stored batch by batch together with
// the place that has been reached. So after an error, and when ctx is done between two batches,
// what was stored is stored, the result says how much that is, and the next import of the same data
// goes on from there. A bad line stops the import just before it, unless Options.SkipBad says
// otherwise; a bad last line that has not ended is looked at again by the next import even then,
// for it may be still being written, and so are last lines that are ahead of the clock.
//
// Errors: *LineError for a bad line, with the reason ErrHeader, service.ErrName or service.ErrAhead
// among others,
// ErrAllTooOld, service.ErrImportMoved if another import of the same data runs at the same time,
// those of service.Writer.Imports, those of the file system, and the cause of ctx.
func CSV(
	ctx context.Context, w *service.Writer, path string, options Options,
) (result Result, err error) {
	options = options.withDefaults()
	data, err := openSource(ctx, path, options.Progress)
	if err != nil {
		return Result{}, fmt.Errorf("import: %w", err)
	}
	defer func() { err = errors.Join(err, data.Close()) }()
	for range attempts {
		i := &csvImport{source: data, writer: w, options: options}
		err = i.run(ctx)
		result = i.result
		// Nothing has been taken, so this is not the one that has to stop. It may not even be the
		// same data.
		if !errors.Is(err, service.ErrImportMoved) || result.Read > 0 {
			break
		}
	}
	var bad *LineError
	if err != nil && !errors.As(err, &bad) { // that one names the file itself
		err = fmt.Errorf("import %s: %w", data.name, err)
	}
	return result, err
}

// csvImport is one run over the data.
type csvImport struct {
	source  *source
	writer  *service.Writer
	options Options
	rows    *rowParser
	held    *held // what the history has in place of raw samples, nil if that is nothing
	result  Result
}

func (i *csvImport) run(ctx context.Context) error {
	imports, err := i.writer.Imports(ctx)
	if err != nil {
		return err
	}
	unit, rows, err := i.readHeader(ctx)
	if err != nil {
		return err
	}
	taken, err := i.findTaken(ctx, rows, imports.Marks)
	if err != nil {
		return err
	}
	from := taken.until
	i.rows = newRowParser(i.writer, unit)
	i.result.Known = from.lines - rows.lines
	if err := i.checkAges(ctx, from); err != nil {
		return err
	}
	if err := i.merge(ctx, imports, rows, taken); err != nil {
		return err
	}
	if err := i.findHeld(ctx, from, imports.Empty); err != nil {
		return err
	}
	data, err := i.source.read(ctx, from.bytes)
	if err != nil {
		return err
	}
	b := &batch{
		csvImport: i,
		into:      i.writer.BeginImport(imports, i.source.origin, taken.mark),
		lines:     newRecords(data, from),
		begin:     from.lines,
	}
	return b.fill(ctx)
}

// parse makes a sample of a record. The error is what makes it a bad line.
func (i *csvImport) parse(one record) (service.Sample, error) {
	if one.err != nil {
		return service.Sample{}, one.err
	}
	return i.rows.sample(one.fields)
}

func (i *csvImport) lineError(line int64, reason error) *LineError {
	return &LineError{File: i.source.name, Line: line, Reason: reason}
}

// bad reports a bad line, and returns it if it stops the import.
func (i *csvImport) bad(line int64, reason error) error {
	bad := i.lineError(line, reason)
	i.result.Bad++
	i.options.OnBad(bad)
	if i.options.SkipBad {
		return nil
	}
	return bad
}

// batch gathers what the next transaction stores.
type batch struct {
	*csvImport
	into     *service.Import
	lines    *records
	begin    int64 // lines before the batch
	samples  []service.Sample
	rolledUp []int64 // lines of rows that lie in rolled-up data
	skipped  bool  // lines have been passed

	newestWelcome time.Time // as it was when it was asked for last
	// before a bad line that may be a row of the next import, if no row has come after it
	before *place
}

// fill reads to the end of the data and stores a batch whenever it is full.
func (b *batch) fill(ctx context.Context) error {
	for {
		stop := b.take()
		if stop == nil && b.lines.place.lines-b.begin < b.options.batch {
			continue
		}
		if err := b.store(ctx); err != nil {
			return err
		}
		switch {
		case errors.Is(stop, io.EOF):
			return nil
		case stop != nil:
			return stop
		}
	}
}

// take takes the next record into the batch. The error is io.EOF at the end, or what stops the
// import before the record.
func (b *batch) take() error {
	one, err := b.lines.next()
	if errors.Is(err, io.EOF) {
		return io.EOF
	}
	if err != nil {
		return fmt.Errorf("read: %w", err)
	}
	sample, reason := b.parse(one)
	if reason == nil && b.isAhead(sample) {
		// welcome once its time has come: the next import looks at it again, if no row follows
		one.atEnd, reason = true, aheadError(sample.Time, b.newestWelcome)
	}
	if reason == nil && b.isHeld(one, sample.Time) {
		b.rolledUp = append(b.rolledUp, one.line)
		b.before, b.skipped = nil, true
		b.lines.pass(one)
		return nil
	}
	if reason == nil {
		b.samples = append(b.samples, sample)
		b.before = nil
		b.lines.pass(one)
		return nil
	}
	if err := b.bad(one.line, reason); err != nil {
		return err
	}
	if err := b.hold(one); err != nil {
		return err
	}
	b.lines.pass(one)
	return nil
}

// isAhead says that a sample is too far in the future.
func (b *batch) isAhead(sample service.Sample) bool {
	if sample.Time.After(b.newestWelcome) {
		b.newestWelcome = b.writer.NewestWelcome() // time has gone on
	}
	return sample.Time.After(b.newestWelcome)
}

// hold keeps the place before a bad line that may be still being written, or whose time may come,
// so that the next import looks at it again. A missing quote makes such a line anywhere in the
// data: the rows that come after it show that it is just bad.
func (b *batch) hold(bad record) error {
	if b.before != nil {
		return nil
	}
	if !bad.atEnd {
		b.skipped = true
		return nil
	}
	before, err := b.lines.place.clone()
	b.before = &before
	return err
}

// store stores the batch and begins the next one.
func (b *batch) store(ctx context.Context) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if len(b.samples) > 0 || b.skipped {
		reached := &b.lines.place
		if b.before != nil {
			reached = b.before
		}
		// Not to be left half-way: else nobody knew what has been stored.
		mark := reached.mark()
		mark.Skipped = skippedLines(reached.lines, b.rolledUp)
		counts, err := b.into.Store(context.WithoutCancel(ctx), b.samples, mark)
		if err != nil {
			return err
		}
		b.result.add(len(b.samples), counts)
		b.result.Skipped.RolledUp += int64(len(b.rolledUp))
	}
	b.begin, b.skipped = b.lines.place.lines, false
	b.samples, b.rolledUp = b.samples[:0], b.rolledUp[:0]
	b.options.Progress(b.source.position, max(b.source.position, b.source.size))
	return nil
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
}
