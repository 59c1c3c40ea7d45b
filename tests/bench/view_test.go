package bench

import (
	"database/sql"
	"testing"

	_ "github.com/ncruces/go-sqlite3/driver"

	"github.com/wanstore/wanstore/service"
)

// BenchmarkView asks the view metrics what wanctl's tools ask, of the week that BenchmarkRange
// reads.
func BenchmarkView(b *testing.B) {
	w := newWorld(b, controller, service.Config{})
	recordWeek(b, w)
	pool, err := sql.Open("sqlite3", "file:"+w.writer.Path()+"?mode=ro")
	if err != nil {
		b.Fatal(err)
	}
	defer pool.Close()
	day := w.now().Unix() - 24*3600
	for name, where := range map[string]string{
		"series":     "metric_name = 'wanctl_rtt_ms' AND wan_name = 'w0' AND timestamp >= ?",
		"everything": "timestamp >= ?",
	} {
		b.Run(name, func(b *testing.B) {
			var rows int64
			var mean float64
			for b.Loop() {
				if err := pool.QueryRow("SELECT count(*), avg(value) FROM metrics WHERE "+where,
					day).Scan(&rows, &mean); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(rows), "rows")
		})
	}
}
