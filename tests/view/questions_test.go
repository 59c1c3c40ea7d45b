package view

import (
	"fmt"
	"slices"

	"github.com/wanstore/wanstore/service"
)

// question is what a tool asks, and what comes out.
type question struct {
	name, sql string
	want      [][]any
}

// questions are those of wanctl's own reader and of people at a prompt. rows are all rows of the
// view, oldest first.
func questions(rows []row) []question {
	return slices.Concat(whole(rows), picked(rows), ranges(rows), shapes(rows), totals(rows),
		newest(rows))
}

// whole asks for all there is.
func whole(rows []row) []question {
	series := map[string]int64{}
	for _, r := range rows {
		series[fmt.Sprint(r.metric, r.wan, r.labels)]++
	}
	return []question{
		{"everything", "SELECT " + names + " FROM metrics ORDER BY id", cells(rows)},
		{"by time", "SELECT " + names + " FROM metrics ORDER BY timestamp, id", cells(rows)},
		{"an id each", "SELECT count(*), count(DISTINCT id), count(id) FROM metrics",
			table(len(rows), len(rows), len(rows))},
		{"series", "SELECT count(*) FROM (SELECT DISTINCT metric_name, wan_name, labels FROM metrics)",
			table(len(series))},
		{
			"types", "SELECT DISTINCT typeof(id), typeof(timestamp), typeof(value), typeof(count) FROM " +
				"metrics",
			table("integer", "integer", "real", "integer"),
		},
		{
			"columns", "SELECT group_concat(name) FROM pragma_table_info('metrics')",
			table("id,timestamp,wan_name,metric_name,value,labels,granularity,count"),
		},
	}
}

// picked asks for names and granularities.
func picked(rows []row) []question {
	list := []question{
		{"a metric", where("metric_name = 'wanctl_rtt_ms'"), cells(only(rows, metric(service.RTT)))},
		{"a WAN", where("wan_name = 'o''brien'"), cells(only(rows, wan("o'brien")))},
		{
			"a metric of a WAN", where("wan_name = 'fibre' AND metric_name = 'wanctl_state'"),
			cells(only(rows, wan("fibre"), metric(service.State))),
		},
		{
			"several metrics",
			where("metric_name IN ('wanctl_state', 'wanctl_steering_enabled') AND wan_name <> 'fibre'"),
			cells(only(rows, func(r row) bool {
				return r.wan != "fibre" && (r.metric == service.State || r.metric == service.SteeringEnabled)
			})),
		},
		{"metrics like", where("metric_name LIKE 'wanctl_rate%'"),
			cells(only(rows, metric(service.RateDownload)))},
		{"no such metric", where("metric_name = 'wanctl_rtt'"), nil},
		{"no such granularity", where("granularity = '1d'"), nil},
		{
			"two granularities", where("granularity IN ('raw', '1h') AND metric_name = 'wanctl_rtt_ms'"),
			cells(only(rows, metric(service.RTT),
				func(r row) bool { return r.granularity == "raw" || r.granularity == "1h" })),
		},
	}
	for _, name := range []string{"raw", "1m", "5m", "1h"} {
		list = append(list,
			question{name, where("granularity = '" + name + "'"), cells(only(rows, granularity(name)))},
			question{
				name + " of a metric of a WAN",
				where("metric_name = 'wanctl_state' AND wan_name = 'lte' AND granularity = '" + name + "'"),
				cells(only(rows, metric(service.State), wan("lte"), granularity(name))),
			},
		)
	}
	return list
}

// where selects the tools' columns, oldest first.
func where(condition string) string {
	return "SELECT " + names + " FROM metrics WHERE " + condition + " ORDER BY timestamp, id"
}

// table is an answer of one row.
func table(cells ...any) [][]any {
	for i, cell := range cells {
		if n, ok := cell.(int); ok {
			cells[i] = int64(n) // as databases count
		}
	}
	return [][]any{cells}
}
