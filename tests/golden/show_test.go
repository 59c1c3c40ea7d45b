package golden

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/wanstore/wanstore/internal/quantile"
	"github.com/wanstore/wanstore/service"
)

// table aligns rows of words below a head, which may be nil.
func table(head []string, rows [][]string) []string {
	if len(rows) == 0 {
		return []string{"nothing"}
	}
	if head != nil {
		rows = slices.Insert(rows, 0, head)
	}
	var text strings.Builder
	w := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		fmt.Fprintln(w, strings.Join(row, "\t"))
	}
	if err := w.Flush(); err != nil {
		panic(err) // a strings.Builder takes everything
	}
	var lines []string
	for line := range strings.Lines(text.String()) {
		lines = append(lines, strings.TrimRight(line, " \n"))
	}
	return lines
}

func showTime(t time.Time) string {
	if t.UnixMicro() == 0 {
		return "-"
	}
	return t.UTC().Format("2006-01-02T15:04:05.999999")
}

// showNumber leaves out the digits in which processors differ.
func showNumber(value float64) string { return strconv.FormatFloat(value, 'g', 12, 64) }

func showSeries(metric, wan string, labels service.Labels) string {
	pairs := []string{fmt.Sprintf("wan=%q", wan)}
	for _, name := range slices.Sorted(maps.Keys(labels)) {
		pairs = append(pairs, fmt.Sprintf("%s=%q", name, labels[name]))
	}
	return metric + "{" + strings.Join(pairs, ",") + "}"
}

// showQuantiles shows those of a point or a summary, and by how many percent they may be off.
func showQuantiles(d *service.Distribution, asked []float64) []string {
	var words []string
	for _, q := range asked {
		if d == nil {
			words = append(words, "-")
			continue
		}
		words = append(words, fmt.Sprintf("%s±%.2g%%", showNumber(d.Quantile(q)), 100*d.Error()))
	}
	return words
}

func showPoints(points []service.Point, wide bool, asked []float64) []string {
	head := []string{"time", "series", "value", "min", "max", "count", "granularity"}
	if wide {
		head = append(head, "width")
	}
	head = append(head, quantile.Names(asked)...)
	var rows [][]string
	for _, p := range points {
		rows = append(rows, []string{
			showTime(p.Time), showSeries(p.Metric, p.WAN, p.Labels), showNumber(p.Value), showNumber(p.Min),
			showNumber(p.Max),
			strconv.FormatInt(p.Count, 10), p.Granularity.String(),
		})
		last := len(rows) - 1
		if wide {
			rows[last] = append(rows[last], p.Width.String())
		}
		rows[last] = append(rows[last], showQuantiles(p.Distribution, asked)...)
	}
	return table(head, rows)
}

func showSummaries(list []service.Summary, wide bool, asked []float64) []string {
	head := []string{"series", "aggregation", "count", "min", "max", "avg", "last", "at", "states"}
	if wide {
		head = append([]string{"time", "width"}, head...)
	}
	head = append(head, quantile.Names(asked)...)
	var rows [][]string
	for _, s := range list {
		var states []string
		for _, state := range s.States {
			states = append(states,
				fmt.Sprintf("%s: %d = %.2f%%", showNumber(state.Value), state.Count, 100*state.Share))
		}
		rows = append(rows, []string{
			showSeries(s.Metric, s.WAN, s.Labels), string(s.Aggregation), strconv.FormatInt(s.Count, 10),
			showNumber(s.Min),
			showNumber(s.Max), showNumber(s.Avg), showNumber(s.Last), showTime(s.LastTime),
			strings.Join(states, ", "),
		})
		last := len(rows) - 1
		if wide {
			rows[last] = append([]string{showTime(s.Time), s.Width.String()}, rows[last]...)
		}
		rows[last] = append(rows[last], showQuantiles(s.Distribution, asked)...)
	}
	return table(head, rows)
}

func showStatus(status service.FileStatus) []string {
	head := []string{"tier", "rows", "floor", "watermark", "first", "last", "keep"}
	var rows [][]string
	for _, tier := range status.Tiers {
		row := []string{
			tier.Granularity.String(), strconv.FormatInt(tier.Rows, 10), showTime(orEpoch(tier.Floor)),
			showTime(orEpoch(tier.Watermark)),
		}
		if tier.Rows == 0 {
			row = append(row, "-", "-")
		} else {
			row = append(row, showTime(tier.First), showTime(tier.Last))
		}
		rows = append(rows, append(row, tier.Keep.String()))
	}
	return append(table(head, rows), fmt.Sprintf("series %d, check %s", status.Series, status.Check))
}

// orEpoch returns a moment of a status, the Unix epoch where there is none.
func orEpoch(at time.Time) time.Time {
	if at.IsZero() {
		return time.Unix(0, 0)
	}
	return at
}

// counted is a number that is shown when it is not zero.
type counted struct {
	what string
	n    int64
}

func showCounted(list ...counted) []string {
	var words []string
	for _, c := range list {
		if c.n != 0 {
			words = append(words, fmt.Sprintf("%s %d", c.what, c.n))
		}
	}
	if len(words) == 0 {
		return []string{"nothing"}
	}
	return []string{strings.Join(words, ", ")}
}

func showCounts(before, after service.WriterStatus) []string {
	return showCounted(
		counted{"accepted", after.Accepted - before.Accepted},
		counted{"late", after.Late - before.Late},
		counted{"duplicate", after.Duplicate - before.Duplicate},
		counted{"refused value", after.Refused.Value - before.Refused.Value},
		counted{"refused ahead", after.Refused.Ahead - before.Refused.Ahead},
		counted{"refused too old", after.Refused.TooOld - before.Refused.TooOld},
		counted{"refused aggregation", after.Refused.Aggregation - before.Refused.Aggregation},
		counted{"dropped", after.Dropped.QueueFull - before.Dropped.QueueFull},
	)
}

func showReport(report service.Report) []string {
	var list []counted
	for to := service.Minute; to <= service.Hour; to++ {
		level := (to - 1).String() + "->" + to.String()
		list = append(list, counted{level, report.RolledUp[to]})
	}
	for g := service.Raw; g <= service.Hour; g++ {
		list = append(list, counted{"deleted " + g.String(), report.Deleted[g]})
	}
	lines := showCounted(append(list, counted{"expired", report.Expired})...)
	if report.MoreDue {
		lines = append(lines, "more is due")
	}
	return lines
}

// showRows shows what SQL has selected.
func showRows(rows [][]any) []string {
	var shown [][]string
	for _, row := range rows {
		var words []string
		for _, value := range row {
			words = append(words, showValue(value))
		}
		shown = append(shown, words)
	}
	return table(nil, shown)
}

func showValue(value any) string {
	switch value := value.(type) {
	case nil:
		return "NULL"
	case float64:
		return showNumber(value)
	default:
		return fmt.Sprint(value)
	}
}
