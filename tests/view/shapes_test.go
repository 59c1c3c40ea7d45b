package view

import (
	"fmt"
	"time"

	"github.com/wanstore/wanstore/service"
)

// shapes asks for rows in other shapes: pages, labels taken apart, times that people read.
func shapes(rows []row) []question {
	rates := reverse(only(rows, metric(service.RateDownload)))
	labelled := only(rows, metric(service.State), wan("lte"), granularity("1h"))
	var xs, times [][]any
	for _, r := range labelled {
		xs = append(xs, []any{r.timestamp, "2", `it's "so"`})
		times = append(times, []any{time.Unix(r.timestamp, 0).UTC().Format(time.DateTime), r.value})
	}
	const newestFirst = "SELECT " + names +
		" FROM metrics WHERE metric_name = 'wanctl_rate_download_mbps' " +
		"ORDER BY timestamp DESC, id DESC "
	return []question{
		{"the newest page", newestFirst + "LIMIT 10", cells(rates[:10])},
		{"a page further back", newestFirst + "LIMIT 7 OFFSET 300", cells(rates[300:307])},
		{"the last page", newestFirst + fmt.Sprintf("LIMIT 100 OFFSET %d", len(rates)-3),
			cells(rates[len(rates)-3:])},
		{
			"a page of everything", "SELECT " + names +
				" FROM metrics ORDER BY timestamp DESC, id DESC LIMIT 20 OFFSET 3",
			cells(reverse(rows)[3:23]),
		},
		{
			"labels", "SELECT timestamp, json_extract(labels, '$.x'), labels ->> 'why' FROM metrics " +
				"WHERE metric_name = 'wanctl_state' AND wan_name = 'lte' AND granularity = '1h' ORDER BY id",
			xs,
		},
		{
			"a label", where("json_extract(labels, '$.x') = '1'"),
			cells(only(rows, metric(service.RTT), wan("fibre"), func(r row) bool { return !unlabelled(r) })),
		},
		{"labels like", where(`labels LIKE '%"x":"2"%'`),
			cells(only(rows, metric(service.State), wan("lte")))},
		{
			"no labels", where("labels IS NULL AND metric_name = 'wanctl_rtt_ms'"),
			cells(only(rows, metric(service.RTT), unlabelled)),
		},
		{
			"times for people", "SELECT datetime(timestamp, 'unixepoch') AS at, value FROM metrics " +
				"WHERE metric_name = 'wanctl_state' AND wan_name = 'lte' AND granularity = '1h' ORDER BY at",
			times,
		},
	}
}
