package importer

import (
	"context"
	"time"

	"github.com/wanstore/wanstore/service"
)

// wanctlBatch gathers what the next transaction stores: whole seconds.
type wanctlBatch struct {
	*wanctlImport

	late    bool // rows of seconds that have been passed, or of none
	samples []service.Sample
	rows    int64 // that it is made of
	skipped int64
	reached service.ImportMark
}

// fill takes rows in, second by second. The error is what stops the import, before the second that it is about.
func (b *wanctlBatch) fill(ctx context.Context, rows []service.WanctlRow) error {
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

// pass moves the place past a row: by its id where the rows come in the order of those, else by its second.
func (b *wanctlBatch) pass(row service.WanctlRow) {
	if b.late {
		b.reached.LastID, b.reached.Hash = row.ID, rowHash(row)
		return
	}
	b.reached.Second = row.Second + 1
}

// take takes the rows of one second in. With an error it takes none.
func (b *wanctlBatch) take(ctx context.Context, rows []service.WanctlRow) error {
	var skipped int64
	s := spread{late: b.late, shares: map[*service.Series]*share{}}
	samples := b.samples
	for _, row := range rows {
		if aggregated(row) && (b.late || !b.place.Aggregated) {
			skipped++
			continue
		}
		sample, reason := b.parse(row)
		if reason != nil {
			if err := b.bad(row, reason); err != nil {
				return err
			}
			continue
		}
		if err := s.add(ctx, b.file, sample.Series, row); err != nil {
			return err
		}
		samples = append(samples, sample)
	}
	s.set(samples[len(b.samples):])
	b.samples = samples
	b.skipped += skipped
	b.rows += int64(len(rows))
	return nil
}

// store stores the batch, if there is any news.
func (b *wanctlBatch) store(ctx context.Context) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	before := &b.place
	moved := b.reached.LastID != before.LastID || b.reached.Second != before.Second || b.reached.Aggregated != before.Aggregated
	if !moved {
		return nil
	}
	// As for CSV.
	counts, err := b.into.Store(context.WithoutCancel(ctx), b.samples, b.reached)
	if err != nil {
		return err
	}
	b.result.add(len(b.samples), counts)
	b.result.Skipped += b.skipped
	b.done += b.rows
	b.place = b.reached
	return nil
}

// spread divides one second among the rows that each series has in it.
type spread struct {
	late   bool // rows of the same second may have been taken before
	shares map[*service.Series]*share
}

// share is what a series has in the second.
type share struct {
	earlier, rows, next int64 // rows that were taken before, rows, and the next one of them
}

// add counts a row.
func (s *spread) add(ctx context.Context, file *service.Wanctl, series *service.Series, row service.WanctlRow) error {
	one, ok := s.shares[series]
	if !ok {
		one = &share{}
		s.shares[series] = one
	}
	if !ok && s.late {
		var err error
		if one.earlier, err = file.CountEarlier(ctx, row); err != nil {
			return err
		}
	}
	one.rows++
	return nil
}

// offset returns the time of the next row from the begin of the second. After rows that were taken before, however many at a
// time, the one with n before it is put at n/(n+1), which is after all of those.
func (s *share) offset() time.Duration {
	n, parts := s.next, s.rows
	s.next++
	if s.earlier > 0 {
		n += s.earlier
		parts = n + 1
	}
	return (time.Duration(n) * time.Second / time.Duration(parts)).Truncate(time.Microsecond)
}

// set gives the samples of the second their times.
func (s *spread) set(samples []service.Sample) {
	for n := range samples {
		samples[n].Time = samples[n].Time.Add(s.shares[samples[n].Series].offset())
	}
}
