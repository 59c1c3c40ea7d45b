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

// taken is what earlier imports have taken of the data.
type taken struct {
	until   place                // where the new rows begin
	mark    service.ImportMark   // of the import that has reached it, if there is one
	skipped []service.ImportMark // of rows before it that were left out, in their order
}

// findTaken finds out what earlier imports have taken of the data, whose rows begin at a place.
func (i *csvImport) findTaken(
	ctx context.Context, rows place, marks []service.ImportMark,
) (taken, error) {
	data, err := i.source.read(ctx, rows.bytes)
	if err != nil {
		return taken{}, err
	}
	found := taken{until: rows}
	walk, err := rows.clone()
	if err != nil {
		return taken{}, err
	}
	var skipped []service.ImportMark
	for _, mark := range marks { // the shortest data first
		if mark.Format == service.ImportWanctl || mark.Bytes < rows.bytes {
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
		if mark.Format == service.ImportSkipped {
			skipped = append(skipped, mark)
			continue
		}
		if found.until, err = walk.clone(); err != nil {
			return taken{}, err
		}
		found.mark = mark
	}
	for _, mark := range skipped {
		if mark.Bytes <= found.until.bytes {
			found.skipped = append(found.skipped, mark)
		}
	}
	return found, context.Cause(ctx)
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
