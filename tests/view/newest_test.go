package view

import (
	"fmt"
	"time"

	"github.com/wanstore/wanstore/service"
)

// newest asks for the latest values, in all the ways there are.
func newest(rows []row) []question {
	byMetric := latest(rows, func(r row) string { return r.metric })
	bySeries := latest(rows, func(r row) string { return r.metric + " " + r.wan + text(r.labels) })
	one := latest(only(rows, metric(service.State), wan("lte")), func(row) string { return "" })
	ofMetric := func(expression string) string {
		return "SELECT " + names + " FROM metrics WHERE " + expression +
			" ORDER BY metric_name, wan_name, labels"
	}
	const lte = "metric_name = 'wanctl_state' AND wan_name = 'lte'"
	return []question{
		{"latest of each metric by id",
			ofMetric("id IN (SELECT MAX(id) FROM metrics GROUP BY metric_name)"), cells(byMetric)},
		{
			"latest of each series by id",
			ofMetric("id IN (SELECT MAX(id) FROM metrics GROUP BY metric_name, wan_name, labels)"),
			cells(bySeries),
		},
		{
			"latest of a series by time", "SELECT " + names + " FROM metrics WHERE " + lte +
				" AND timestamp = (SELECT MAX(timestamp) FROM metrics WHERE " + lte +
				") ORDER BY id DESC LIMIT 1", cells(one),
		},
		{
			"latest of a series by order", "SELECT " + names + " FROM metrics WHERE " + lte +
				" ORDER BY timestamp DESC, id DESC LIMIT 1", cells(one),
		},
		{
			"latest by a bare column",
			fmt.Sprintf("SELECT "+names+" FROM (SELECT *, MAX(id) FROM metrics WHERE timestamp >= %d "+
				"GROUP BY metric_name, wan_name, labels) ORDER BY metric_name, wan_name, labels",
				ago(time.Hour)), cells(bySeries),
		},
		{
			"latest by a window", `
				SELECT ` + names + ` FROM (
				  SELECT *, row_number() OVER (
				    PARTITION BY metric_name, wan_name, labels ORDER BY timestamp DESC, id DESC
				  ) AS n
				  FROM metrics
				) WHERE n = 1 ORDER BY metric_name, wan_name, labels`, cells(bySeries),
		},
		{
			"latest by a join", `
				SELECT DISTINCT m.timestamp, m.wan_name, m.metric_name
				FROM metrics AS m
				JOIN (
				  SELECT metric_name, wan_name, MAX(timestamp) AS newest
				  FROM metrics GROUP BY metric_name, wan_name
				) AS l ON l.metric_name = m.metric_name AND l.wan_name = m.wan_name AND l.newest = m.timestamp
				ORDER BY m.metric_name, m.wan_name`, joined(rows),
		},
	}
}

// joined is what the join has to find: when each metric of each WAN was last seen.
func joined(rows []row) [][]any {
	var list [][]any
	for _, r := range latest(rows, func(r row) string { return r.metric + " " + r.wan }) {
		list = append(list, []any{r.timestamp, r.wan, r.metric})
	}
	return list
}

func text(labels any) string {
	if labels == nil {
		return "" // NULL comes first
	}
	return fmt.Sprint(labels)
}
