package view

import (
	"fmt"
	"time"

	"github.com/wanstore/wanstore/service"
)

// totals asks for counts, extremes and averages.
func totals(rows []row) []question {
	distinct := func(key func(row) string) [][]any {
		var list [][]any
		for _, group := range groups(rows, key) {
			list = append(list, group[:1])
		}
		return list
	}
	byMetric := func(r row) string { return r.metric }
	byWAN := func(r row) string { return r.wan }
	byGranularity := func(r row) string { return r.granularity }
	series := only(rows, metric(service.RateDownload), within(ago(40*time.Hour), ago(5*time.Minute)))
	ofRows, ofSamples := average(series)
	low, high := series[0].value, series[0].value
	for _, r := range series {
		low, high = min(low, r.value), max(high, r.value)
	}
	steering := only(rows, metric(service.SteeringEnabled))
	return []question{
		{"metrics", "SELECT DISTINCT metric_name FROM metrics ORDER BY metric_name", distinct(byMetric)},
		{"WANs", "SELECT DISTINCT wan_name FROM metrics ORDER BY 1", distinct(byWAN)},
		{"granularities", "SELECT DISTINCT granularity FROM metrics ORDER BY 1", distinct(byGranularity)},
		{
			"WANs of a metric lately", fmt.Sprintf("SELECT DISTINCT wan_name FROM metrics "+
				"WHERE metric_name = 'wanctl_rtt_ms' AND timestamp >= %d ORDER BY wan_name", ago(time.Hour)),
			[][]any{{"fibre"}, {"lte"}},
		},
		{
			"count by granularity",
			"SELECT granularity, COUNT(*), SUM(count) FROM metrics GROUP BY granularity ORDER BY " +
				"granularity",
			groups(rows, byGranularity),
		},
		{
			"count by metric of a WAN",
			"SELECT metric_name, COUNT(*), SUM(count) FROM metrics WHERE wan_name = 'lte' GROUP BY " +
				"metric_name ORDER BY 1",
			groups(only(rows, wan("lte")), byMetric),
		},
		{"count", "SELECT COUNT(*) FROM metrics", table(len(rows))},
		{
			"first and last", "SELECT MIN(timestamp), MAX(timestamp) FROM metrics",
			table(rows[0].timestamp, rows[len(rows)-1].timestamp),
		},
		{
			"first and last of a metric",
			"SELECT MIN(timestamp), MAX(timestamp) FROM metrics WHERE metric_name = " +
				"'wanctl_steering_enabled'",
			table(steering[0].timestamp, steering[len(steering)-1].timestamp),
		},
		{
			"first and last of nothing",
			"SELECT MIN(timestamp), MAX(timestamp), COUNT(*) FROM metrics WHERE wan_name = 'x'",
			table(nil, nil, 0),
		},
		{
			"averages of a range",
			fmt.Sprintf("SELECT AVG(value), SUM(value * count) / SUM(count), MIN(value), MAX(value) FROM "+
				"metrics WHERE metric_name = 'wanctl_rate_download_mbps' AND wan_name = 'fibre' AND timestamp "+
				">= %d AND timestamp < %d",
				ago(40*time.Hour), ago(5*time.Minute)),
			table(ofRows, ofSamples, low, high),
		},
		{
			"hours", "SELECT strftime('%Y-%m-%d %H', timestamp, 'unixepoch') AS hour, COUNT(*), " +
				"SUM(count) FROM metrics GROUP BY hour ORDER BY hour",
			groups(rows,
				func(r row) string { return time.Unix(r.timestamp, 0).UTC().Format("2006-01-02 15") }),
		},
	}
}
