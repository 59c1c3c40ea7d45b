package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/wanstore/wanstore/internal/clock"
	"github.com/wanstore/wanstore/report"
)

// writeDays writes a line for each day of each WAN, and for all of them; and, for people, the
// outages.
func writeDays(out io.Writer, made report.Report, format string) error {
	header := []string{
		"wan_name", "date", "timestamp", "timestamp_us", "width_us", "measured_us", "download_gb",
		"upload_gb", "states", "rtt_p50_ms", "rtt_p95_ms", "rtt_p99_ms", "loss_ratio", "outages",
		"outage_us",
	}
	output := newRows(format, out, header, []column{
		left("WAN"), left("DAY"), right("MEASURED"), right("DOWN"), right("UP"), right("P50"),
		right("P95"), right("P99"), right("LOSS"), right("OUTAGES"), left("STATES"),
	})
	for _, wan := range made.WANs {
		days := stretchRows(wan, made.Zone)
		if format == formatTable {
			days = joinEmpty(days)
		}
		for _, day := range days {
			if err := output.add(day); err != nil {
				return err
			}
		}
		if err := output.add(&stretchRow{wan.Total, wan.Name, allDays}); err != nil {
			return err
		}
	}
	if err := output.end(); err != nil || format != formatTable {
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

// allDays is in the place of a date in the line of all of them.
const allDays = "all"

// stretchRow is a day of a WAN, or all of them.
type stretchRow struct {
	report.Stretch

	wan, date string
}

// empty says that nothing was measured.
func (r *stretchRow) empty() bool { return r.Measured == 0 && len(r.States) == 0 }

func (r *stretchRow) csv() ([]string, error) {
	states := []stateRow{}
	for _, s := range r.States {
		states = append(states, stateRow{s.Value, s.Name, s.Count, s.Share})
	}
	text, err := json.Marshal(states)
	outages, outageTime := "", ""
	if len(states) > 0 {
		outages, outageTime = number(r.Outages), number(r.OutageTime.Microseconds())
	}
	return []string{
		r.wan, r.date, formatTime(r.From), number(r.From.UnixMicro()),
		number(r.Until.Sub(r.From).Microseconds()), number(r.Measured.Microseconds()),
		exactOrNone(r.Download), exactOrNone(r.Upload), string(text), exactOrNone(r.Quantile(0.5)),
		exactOrNone(r.Quantile(0.95)), exactOrNone(r.Quantile(0.99)), exactOrNone(r.Loss),
		outages, outageTime,
	}, err
}

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

func exactOrNone(value *float64) string {
	if value == nil {
		return ""
	}
	return exact(*value)
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
