package importer_test

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/wanstore/wanstore/importer"
	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/service"
)

// BenchmarkWanctl imports a database of seven series at 20 Hz.
func BenchmarkWanctl(b *testing.B) {
	const rows, series, hertz = 200_000, 7, 20
	db := filetest.NewWanctlDB(b)
	list := make([]filetest.WanctlRow, 0, rows)
	first := now.Add(-rows / series / hertz * time.Second).Unix()
	for n := range int64(rows) {
		row := rtt(0, float64(n%997)/8, "raw")
		row.Second, row.Metric = first+n/series/hertz, fmt.Sprintf("wanctl_metric_%d", n%series)
		list = append(list, row)
	}
	db.Add(list...)
	db.Close()
	for b.Loop() {
		b.StopTimer()
		s := newStoreAt(b, service.Config{}, func() time.Time { return now.Add(time.Minute) })
		runtime.GC()
		b.StartTimer()
		options := importer.Options{}.WithClock(func() time.Time { return now.Add(time.Minute) })
		result, err := importer.Wanctl(b.Context(), s.writer, db.Path, options)
		if err != nil || result.Stored != rows {
			b.Fatalf("%+v, %v", result, err)
		}
	}
	b.ReportMetric(float64(rows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}
