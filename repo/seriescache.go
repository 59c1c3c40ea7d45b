package repo

import (
	"sync"

	"github.com/wanstore/wanstore/db"
)

// seriesCache is what a view has read of the series, for the views after it: thousands of rows take
// longer to read than what is asked of one of them. The sums over series tell whether it is still
// so.
type seriesCache struct {
	mu       sync.Mutex
	sums     db.SumSeriesRow
	series   []SeriesInfo // nil before the first view
	rolledUp Micros
}

// get returns what was read where the sums were the same.
func (c *seriesCache) get(sums db.SumSeriesRow) (series []SeriesInfo, rolledUp Micros, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.series, c.rolledUp, c.series != nil && c.sums == sums
}

// put keeps what was read, unless a row may change without changing the sums.
func (c *seriesCache) put(sums db.SumSeriesRow, series []SeriesInfo, rolledUp Micros) {
	if sums.Sealed != sums.Series || int64(len(series)) != sums.Series {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sums, c.series, c.rolledUp = sums, series, rolledUp
}
