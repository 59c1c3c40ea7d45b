package importer

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/wanstore/wanstore/service"
)

// readHeader returns the unit of the timestamps and the place of the first row.
func (i *csvImport) readHeader(ctx context.Context) (unit int64, after place, err error) {
	data, err := i.source.read(ctx, 0)
	if err != nil {
		return 0, place{}, err
	}
	lines := newRecords(data, newPlace())
	lines.passMark()
	first, err := lines.next()
	switch {
	case errors.Is(err, io.EOF):
		return 0, place{}, i.lineError(1, headerError(""))
	case err != nil:
		return 0, place{}, fmt.Errorf("read: %w", err)
	case first.err != nil:
		return 0, place{}, i.lineError(first.line, headerError(string(lines.peek(first.size))))
	}
	if unit, err = parseHeader(first.fields); err != nil {
		return 0, place{}, i.lineError(first.line, err)
	}
	lines.pass(first)
	return unit, lines.place, nil
}

// findPlace returns the place where the new rows begin, and the mark of the earlier import that has
// reached it. Without one that is where the rows begin.
func (i *csvImport) findPlace(
	ctx context.Context, rows place, marks []service.ImportMark,
) (place, service.ImportMark, error) {
	data, err := i.source.read(ctx, rows.bytes)
	if err != nil {
		return place{}, service.ImportMark{}, err
	}
	found, known := rows, service.ImportMark{}
	walk, err := rows.clone()
	if err != nil {
		return place{}, service.ImportMark{}, err
	}
	for _, mark := range marks { // the shortest data first
		if mark.Format != service.ImportCSV || mark.Bytes < rows.bytes {
			continue // nobody makes a mark within the header
		}
		if _, err := io.CopyN(&walk, data, mark.Bytes-walk.bytes); err != nil {
			// the data ends before this mark; if it cannot be read, that comes up again after
			// what precedes it
			break
		}
		if !bytes.Equal(walk.hash.Sum(nil), mark.Hash) {
			continue
		}
		if found, err = walk.clone(); err != nil {
			return place{}, service.ImportMark{}, err
		}
		known = mark
	}
	return found, known, context.Cause(ctx)
}

// checkAges refuses rows, from the given place on, that are too old without an exception. It reads
// up to the first one that is not.
func (i *csvImport) checkAges(ctx context.Context, from place) error {
	oldestWelcome, err := i.writer.OldestWelcome(ctx)
	if err != nil {
		return err
	}
	data, err := i.source.read(ctx, from.bytes)
	if err != nil {
		return err
	}
	var newest time.Time
	lines := newRecords(data, from.unhashed())
	for {
		one, err := lines.next()
		if err != nil {
			break // a failure to read comes up again when what precedes it has been stored
		}
		// Bad lines are reported when their turn comes.
		if sample, err := i.parse(one); err == nil {
			if !sample.Time.Before(oldestWelcome) {
				return nil
			}
			if sample.Time.After(newest) {
				newest = sample.Time
			}
		}
		lines.pass(one)
	}
	if ctx.Err() != nil || newest.IsZero() { // stopped, or there are no rows
		return context.Cause(ctx)
	}
	return tooOldError(newest, oldestWelcome, i.options.Now)
}
