package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/wanstore/wanstore/internal/clock"
	"github.com/wanstore/wanstore/report"
)

// writeDays writes a table of the days of each WAN, with a line for all of them, and one of the
// outages.
func writeDays(out io.Writer, made report.Report) error {
	table := newTable(out, left("WAN"), left("DAY"), right("MEASURED"), right("DOWN"), right("UP"),
		right("P50"), right("P95"), right("P99"), right("LOSS"), right("OUTAGES"), left("STATES"))
	for _, wan := range made.WANs {
		days := joinEmpty(stretchRows(wan, made.Zone))
		for _, day := range append(days, &stretchRow{wan.Total, wan.Name, "all"}) {
			if err := table.add(day.table()...); err != nil {
				return err
			}
		}
	}
	if err := table.end(); err != nil {
		return err
	}
	return writeOutages(out, made)
}

func stretchRows(wan report.WAN, zone *time.Location) []*stretchRow {
	var rows []*stretchRow
	for _, day := range wan.Days {
		rows = append(rows, &stretchRow{day, wan.Name, report.Date(day, zone)})
	}
	return rows
}

// joinEmpty makes one line of days on which nothing was measured.
func joinEmpty(days []*stretchRow) []*stretchRow {
	var joined []*stretchRow
	first := "" // of those
	for i, day := range days {
		switch {
		case !day.empty() || i == 0 || !days[i-1].empty():
			joined = append(joined, day)
			first = day.date
		default:
			joined[len(joined)-1] = &stretchRow{day.Stretch, day.wan, first + " to " + day.date}
		}
	}
	return joined
}

func writeOutages(out io.Writer, made report.Report) error {
	var table *table
	for _, wan := range made.WANs {
		for _, outage := range wan.Outages {
			if table == nil {
				fmt.Fprintln(out)
				table = newTable(out, left("WAN"), left("OUTAGE FROM"), right("LENGTH"),
					right("WORST RTT AROUND"), left("GRANULARITY"))
			}
			err := table.add(printable(wan.Name), outage.From.In(made.Zone).Format(time.RFC3339),
				clock.FormatDuration(outage.Until.Sub(outage.From)), showMilliseconds(outage.WorstRTT),
				clock.FormatDuration(outage.Granularity))
			if err != nil {
				return err
			}
		}
	}
	if table == nil {
		return nil
	}
	return table.end()
}

// stretchRow is a day of a WAN, or all of them.
type stretchRow struct {
	report.Stretch

	wan, date string
}

// empty says that nothing was measured.
func (r *stretchRow) empty() bool { return r.Measured == 0 && len(r.States) == 0 }

func (r *stretchRow) table() []string {
	if r.empty() {
		return []string{printable(r.wan), r.date, "-", "-", "-", "-", "-", "-", "-", "-", "-"}
	}
	outages := "-"
	if len(r.States) > 0 {
		outages = number(r.Outages)
	}
	if r.OutageTime > 0 {
		outages += " (" + clock.FormatDuration(r.OutageTime) + ")"
	}
	loss := "-"
	if r.Loss != nil {
		loss = fmt.Sprintf("%.2f %%", 100**r.Loss)
	}
	return []string{
		printable(r.wan), r.date, clock.FormatDuration(r.Measured.Round(time.Second)), showGB(r.Download),
		showGB(r.Upload), showMilliseconds(r.Quantile(0.5)), showMilliseconds(r.Quantile(0.95)),
		showMilliseconds(r.Quantile(0.99)), loss, outages, showShares(r.States),
	}
}

func showGB(value *float64) string {
	if value == nil {
		return "-"
	}
	return fixed(*value) + " GB"
}

func showMilliseconds(value *float64) string {
	if value == nil {
		return "-"
	}
	return fixed(*value) + " ms"
}

// showShares names states with their shares, those that there are no names for by their values.
func showShares(states []report.StateShare) string {
	if len(states) == 0 {
		return "-"
	}
	texts := make([]string, len(states))
	for i, s := range states {
		name := printable(s.Name)
		if name == "" {
			name = trimmed(s.Value)
		}
		texts[i] = name + " " + percent(s.Share)
	}
	return strings.Join(texts, ", ")
}
