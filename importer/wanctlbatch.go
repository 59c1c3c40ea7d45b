package importer

import (
	"context"

	"github.com/wanstore/wanstore/repo/wanctl"
	"github.com/wanstore/wanstore/service"
)

// wanctlBatch gathers what the next transaction stores: whole seconds.
type wanctlBatch struct {
	*wanctlImport

	late    bool // rows of seconds that have been passed, or of none
	samples []service.ImportedSample
	rows    int64 // that it is made of
	pruned  int64 // those of them that have more labels than their series
	skipped Skipped
	reached service.ImportMark
}

// fill takes rows in, second by second. The error is what stops the import, before the second that
// it is about.
func (b *wanctlBatch) fill(ctx context.Context, rows []wanctl.Row) error {
	for len(rows) > 0 {
		size := 1
		for size < len(rows) && rows[size].Second == rows[0].Second {
			size++
		}
		if err := b.take(ctx, rows[:size]); err != nil {
			return err
		}
		b.pass(rows[size-1])
		rows = rows[size:]
	}
	return nil
}

// pass moves the place past a row: by its id where the rows come in the order of those, else by its
// second.
func (b *wanctlBatch) pass(row wanctl.Row) {
	if b.late {
		b.reached.LastID, b.reached.Hash = row.ID, rowHash(row)
		return
	}
	b.reached.Second = row.Second + 1
	if b.anchor.ID != 0 {
		row = b.anchor
	}
	b.reached.NewestID, b.reached.NewestHash = row.ID, rowHash(row)
}

// take takes the rows of one second in. With an error it takes none.
func (b *wanctlBatch) take(ctx context.Context, rows []wanctl.Row) error {
	taken := newSecond(b.late)
	for _, row := range rows {
		reason, err := b.add(ctx, taken, row)
		if err == nil && reason != nil {
			err = b.leaveOut(taken, row, reason)
		}
		if err != nil {
			return err
		}
	}
	for _, fill := range taken.filled {
		b.held.add(fill.of, fill.labels, fill.span)
	}
	b.samples = append(b.samples, taken.spread()...)
	b.pruned += taken.pruned
	b.skipped.add(taken.skipped)
	b.rows += int64(len(rows))
	return nil
}

// add makes a sample of a row. A reason is why it is none.
func (b *wanctlBatch) add(
	ctx context.Context, to *second, row wanctl.Row,
) (reason, err error) {
	series, reason := b.parse(row)
	if reason != nil {
		return reason, nil
	}
	if err := b.look(ctx, row); err != nil {
		return nil, err
	}
	if width := widths[row.Granularity]; width > 0 {
		return b.addAggregated(to, row, series, width), nil
	}
	return to.add(ctx, b.file, row, series)
}

// look finds out what the history has of the metric of a row, before anything of it is stored.
func (b *wanctlBatch) look(ctx context.Context, row wanctl.Row) error {
	if b.held == nil {
		return nil
	}
	return b.held.look(ctx, heldMetric{row.WAN, row.Metric})
}

// addAggregated makes a sample of an aggregated row where the history has nothing of its span.
func (b *wanctlBatch) addAggregated(
	to *second, row wanctl.Row, series foundSeries, width int64,
) (reason error) {
	fill := filling{
		of: heldMetric{row.WAN, row.Metric}, labels: series.labels,
		span: heldSpan{row.Second, row.Second + width},
	}
	if b.held.has(fill.of, fill.labels, fill.span) {
		return errHeld
	}
	to.filled = append(to.filled, fill)
	to.put(row, series, to.share(series.handle, false))
	return nil
}

// leaveOut counts a row that is no sample. The error is what stops the import.
func (b *wanctlBatch) leaveOut(of *second, row wanctl.Row, reason error) error {
	cause := of.skipped.cause(reason)
	if cause == nil {
		return b.bad(row, reason)
	}
	*cause++
	b.options.OnSkipped(b.rowError(row, reason))
	return nil
}

// store stores the batch, if there is any news.
func (b *wanctlBatch) store(ctx context.Context) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	before := &b.place
	if b.reached.LastID == before.LastID && b.reached.Second == before.Second {
		return nil
	}
	// As for CSV.
	counts, err := b.into.Store(context.WithoutCancel(ctx), b.samples, b.reached)
	if err != nil {
		return err
	}
	b.result.add(len(b.samples), counts)
	b.result.Skipped.add(b.skipped)
	b.result.Pruned += b.pruned
	b.done += b.rows
	b.place = b.reached
	return nil
}
