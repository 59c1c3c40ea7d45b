package importer

import (
	"context"
	"fmt"
	"time"

	"github.com/wanstore/wanstore/service"
)

// maxEarlier is the most rows before a late one in its second: n/(n+1) and the place before it are
// a microsecond apart.
const maxEarlier = 999

// errFull says that a late row has no moment of its own.
var errFull = fmt.Errorf("came late into a second that has more than %d rows of its WAN and "+
	"metric, no room is left after them",
	maxEarlier)

// wanctlBatch gathers what the next transaction stores: whole seconds.
type wanctlBatch struct {
	*wanctlImport

	late    bool // rows of seconds that have been passed, or of none
	samples []service.Sample
	rows    int64 // that it is made of
	skipped int64
	reached service.ImportMark
}

// fill takes rows in, second by second. The error is what stops the import, before the second that
// it is about.
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

// pass moves the place past a row: by its id where the rows come in the order of those, else by its
// second.
func (b *wanctlBatch) pass(row service.WanctlRow) {
	if b.late {
		b.reached.LastID, b.reached.Hash = row.ID, rowHash(row)
		return
	}
	b.reached.Second, b.reached.NewestID, b.reached.NewestHash = row.Second+1, row.ID, rowHash(row)
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
		if reason == nil {
			fits, err := s.add(ctx, b.file, sample.Series, row)
			if err != nil {
				return err
			}
			if !fits {
				reason = errFull
			}
		}
		if reason != nil {
			if err := b.bad(row, reason); err != nil {
				return err
			}
			continue
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
	moved := b.reached.LastID != before.LastID || b.reached.Second != before.Second ||
		b.reached.Aggregated != before.Aggregated
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
	late                bool
	earlier, rows, next int64 // rows that were taken before, rows, and the next one of them
}

// add counts a row, or says that it does not fit in.
func (s *spread) add(
	ctx context.Context, file *service.Wanctl, series *service.Series, row service.WanctlRow,
) (fits bool, err error) {
	one, ok := s.shares[series]
	if !ok {
		one = &share{late: s.late}
		if s.late {
			if one.earlier, err = file.CountEarlier(ctx, row); err != nil {
				return false, err
			}
		}
		s.shares[series] = one
	}
	if one.earlier > 0 && one.earlier+one.rows > maxEarlier {
		return false, nil
	}
	one.rows++
	return true, nil
}

// offset returns the time of the next row from the begin of the second.
//
// A late row with n earlier rows in its second is placed at n/(n+1) of the second, which is after
// all of them. Where wanctl has deleted some of those since, n is too small. So a microsecond is
// added: n/(n+1) with it is no place of a row that came in time, up to some 700 rows in the second.
// Two late rows can still meet, if the first was deleted before the second came: that one is
// counted as a duplicate.
func (s *share) offset() time.Duration {
	n, parts := s.next, s.rows
	s.next++
	if s.earlier > 0 {
		n += s.earlier
		parts = n + 1
	}
	at := (time.Duration(n) * time.Second / time.Duration(parts)).Truncate(time.Microsecond)
	if s.late {
		at += time.Microsecond
	}
	return at
}

// set gives the samples of the second their times.
func (s *spread) set(samples []service.Sample) {
	for n := range samples {
		samples[n].Time = samples[n].Time.Add(s.shares[samples[n].Series].offset())
	}
}
