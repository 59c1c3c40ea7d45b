package importer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/wanstore/wanstore/service"
)

// CSV imports the CSV file at path, "-" for standard input, compressed by gzip or not. Its header
// is timestamp_ms,wan,metric,labels_json,value, or timestamp_us for microseconds.
//
// It stores what no earlier import has taken, batch by batch together with the place that has been
// reached. So after an error, and when ctx is done between two batches, the result says how much is
// stored, and the next import of the same data goes on from there. It blocks until all is stored,
// and no longer than one batch after ctx is done.
//
// A bad line stops the import just before it, unless Options.SkipBad is set. Even then the next
// import looks again at a bad last line that has not ended, which may be still being written, and
// at last lines that are ahead of the clock.
//
// Errors: *LineError for a bad line, with the reason ErrHeader, service.ErrName or service.ErrAhead
// among others, ErrAllTooOld, service.ErrImportMoved if another import of the same data runs at the
// same time, those of service.Writer.Imports, those of the file system, and the cause of ctx.
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
	samples  []service.ImportedSample
	rolledUp []int64 // lines of rows that lie in rolled-up data
	skipped  bool    // lines have been passed

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
		b.samples = append(b.samples, service.ImportedSample{Sample: sample})
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
