package importer

import (
	"context"
	"fmt"
	"time"

	"github.com/wanstore/wanstore/repo/wanctl"
	"github.com/wanstore/wanstore/service"
)

// maxEarlier is the most rows before a late one in its second: n/(n+1) and the place before it are
// a microsecond apart.
const maxEarlier = 999

// errFull says that a late row has no moment of its own.
var errFull = fmt.Errorf("came late into a second that has more than %d rows of its WAN and "+
	"metric, no room is left after them",
	maxEarlier)

// second is what the rows of one second come to. The rows that each series has are spread over it,
// raw and aggregated ones each by themselves.
type second struct {
	late    bool // raw rows of the same second may have been taken before
	shares  map[shareOf]*share
	samples []sharing
	filled  []filling
	pruned  int64
	skipped Skipped
}

// filling is where an aggregated row becomes a sample.
type filling struct {
	of     heldMetric
	labels service.Labels
	span   heldSpan
}

type shareOf struct {
	series *service.Series
	raw    bool
}

// sharing is a sample that has yet to get its place in the second.
type sharing struct {
	service.Sample
	share *share
}

// share is what a series has in the second.
type share struct {
	late, aggregated    bool
	earlier, rows, next int64 // rows that were taken before, rows, and the next one of them
}

func newSecond(late bool) *second { return &second{late: late, shares: map[shareOf]*share{}} }

// share returns the share of a series.
func (s *second) share(series *service.Series, raw bool) *share {
	of := shareOf{series, raw}
	if s.shares[of] == nil {
		s.shares[of] = &share{late: raw && s.late, aggregated: !raw}
	}
	return s.shares[of]
}

// add adds a raw row. A reason is why it does not fit in.
func (s *second) add(
	ctx context.Context, file *wanctl.View, row wanctl.Row, series foundSeries,
) (reason, err error) {
	one := s.share(series.handle, true)
	if one.late && one.rows == 0 {
		if one.earlier, err = file.CountEarlier(ctx, row); err != nil {
			return nil, err
		}
	}
	if one.earlier > 0 && one.earlier+one.rows > maxEarlier {
		return errFull, nil
	}
	s.put(row, series, one)
	return nil, nil
}

func (s *second) put(row wanctl.Row, series foundSeries, one *share) {
	one.rows++
	s.samples = append(s.samples, sharing{service.Sample{
		Series: series.handle, Time: time.Unix(row.Second, 0), Value: row.Value,
	}, one})
	if series.pruned {
		s.pruned++
	}
}

// spread returns the samples, each at its place in the second.
func (s *second) spread() []service.ImportedSample {
	samples := make([]service.ImportedSample, 0, len(s.samples))
	for _, one := range s.samples {
		one.Time = one.Time.Add(one.share.offset())
		samples = append(samples,
			service.ImportedSample{Sample: one.Sample, Aggregated: one.share.aggregated})
	}
	return samples
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
