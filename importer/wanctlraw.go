package importer

import (
	"context"
	"errors"
	"io/fs"
	"time"

	"github.com/wanstore/wanstore/service"
)

// RawRows says how far back the raw rows of a database of wanctl reach. wanctl lets them go when
// they are in aggregated ones.
type RawRows struct {
	// Kept is how far back they reach from the newest row, 0 where nothing has gone yet.
	Kept time.Duration
	// Gone is the time between the end of the last import and the first raw row, if there were any
	// that it had not taken: aggregated rows are left of these.
	Gone service.TimeSpan
}

// lookAtRaw finds out what there is to say of raw rows, when imports had come to a second.
func (i *wanctlImport) lookAtRaw(ctx context.Context, reached int64) error {
	minute, err := i.file.NewestOf(ctx, "1m", i.ahead)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	begin := minute.Second + widths["1m"]
	newest, err := i.file.Newest(ctx, 0, i.ahead)
	if err != nil {
		return err
	}
	i.result.Raw.Kept = time.Duration(max(newest+1-begin, 0)) * time.Second
	if reached > 0 && minute.Second >= reached {
		i.result.Raw.Gone = service.TimeSpan{From: unix(reached), Until: unix(begin)}
	}
	return nil
}

// reached returns the second that imports of this database have come to, by what it is known by or,
// where nothing of that is left, by its path.
func (i *wanctlImport) reached(known service.ImportMark, marks []service.ImportMark) int64 {
	second := known.Second
	for _, mark := range marks {
		if known.Format == "" && mark.Format == service.ImportWanctl && mark.Source == i.file.Path() {
			second = max(second, mark.Second)
		}
	}
	return second
}

// expectAggregated prepares for the aggregated rows that there are to take, if there are any.
func (i *wanctlImport) expectAggregated(ctx context.Context, empty bool) error {
	oldest, err := i.file.OldestAggregated(ctx, i.place.LastID, i.place.Second)
	if err != nil || oldest < 0 {
		return err
	}
	i.held = &held{
		writer: i.writer, empty: empty,
		from: unix(oldest), until: unix(i.ahead + widths["1h"]),
	}
	return nil
}

func unix(second int64) time.Time { return time.Unix(second, 0).UTC() }
