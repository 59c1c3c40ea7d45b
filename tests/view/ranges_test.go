package view

import (
	"fmt"
	"time"

	"github.com/wanstore/wanstore/service"
)

// ranges asks for stretches of time: within a tier, across their borders, and where there is
// nothing.
func ranges(rows []row) []question {
	var list []question
	for _, span := range [][2]time.Duration{
		{5 * time.Minute, 0}, {20 * time.Minute, time.Minute}, {5 * time.Hour, 2 * time.Hour},
		{30 * time.Hour, 7 * time.Hour},
		{9 * day, day}, {9 * day, 8 * day},
	} {
		from, until := ago(span[0]), ago(span[1])
		inside := only(rows, within(from, until))
		list = append(list,
			question{
				fmt.Sprintf("from %s to %s ago", span[0], span[1]),
				where(fmt.Sprintf("timestamp >= %d AND timestamp < %d", from, until)), cells(inside),
			},
			question{
				fmt.Sprintf("a metric of a WAN from %s to %s ago", span[0], span[1]),
				where(fmt.Sprintf("metric_name = 'wanctl_state' AND wan_name = 'fibre' AND timestamp BETWEEN "+
					"%d AND %d",
					from, until-1)),
				cells(only(inside, metric(service.State), wan("fibre"))),
			},
		)
	}
	lately := only(rows, within(ago(3*time.Hour), ago(0)+1))
	fibre := only(lately, wan("fibre"), metric(service.RateDownload))
	return append(list,
		question{
			"all filters at once",
			fmt.Sprintf("SELECT "+names+" FROM metrics WHERE 1=1 AND timestamp >= %d AND timestamp <= %d "+
				"AND metric_name IN ('wanctl_rate_download_mbps', 'wanctl_rate_upload_mbps') AND wan_name = "+
				"'fibre' AND granularity = '1m' ORDER BY timestamp DESC", ago(3*time.Hour), ago(0)),
			cells(reverse(only(fibre, granularity("1m")))),
		},
		question{
			"a second", where(fmt.Sprintf("timestamp = %d", ago(30*time.Second))),
			cells(only(rows, within(ago(30*time.Second), ago(29*time.Second)))),
		},
		question{
			"since a fraction of a second", where(fmt.Sprintf("timestamp >= %d.5", ago(40*time.Second))),
			cells(only(rows, within(ago(39*time.Second), ago(0)+1))),
		},
		question{
			"since a time as text",
			where("timestamp >= strftime('%s', '2026-03-20 12:00:10', '-3 hours') " +
				"AND wan_name = 'lte'"),
			cells(only(lately, wan("lte"))),
		},
		question{
			"values compared with text",
			where("value >= '3' AND metric_name = 'wanctl_state' OR value < '25' AND metric_name = " +
				"'wanctl_rate_download_mbps'"),
			cells(only(rows, func(r row) bool {
				return r.metric == service.State && r.value >= 3 || r.metric == service.RateDownload &&
					r.value < 25
			})),
		},
	)
}
