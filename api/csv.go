package api

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/wanstore/wanstore/internal/quantile"
	"github.com/wanstore/wanstore/service"
)

// csvHeader has the columns of `wanstore history --format csv`, without those of quantiles.
var csvHeader = []string{
	"timestamp", "timestamp_us", "wan_name", "metric_name", "labels",
	"value", "min", "max", "count", "granularity", "width_us",
}

// sendCSV answers with the points of a page, one a line. Where there is a page that follows, the
// header Link says where.
func (a reply) sendCSV(w http.ResponseWriter, meta metadata) {
	var body bytes.Buffer
	rows := csv.NewWriter(&body) // whose errors are those of the buffer, which has none
	_ = rows.Write(slices.Concat(csvHeader, quantile.Names(a.quantiles)))
	for i := range a.page.Points {
		_ = rows.Write(csvRow(&a.page.Points[i], a.quantiles))
	}
	rows.Flush()
	if meta.Next != nil {
		w.Header().Set("Link", "<"+*meta.Next+`>; rel="next"`)
	}
	sendCSV(w, body.Bytes())
}

func sendCSV(w http.ResponseWriter, body []byte) {
	header := w.Header()
	header.Set("Content-Type", "text/csv; charset=utf-8; header=present")
	header.Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write(body) // a client that has hung up needs no answer
}

func csvRow(p *service.Point, quantiles []float64) []string {
	labels, err := json.Marshal(p.Labels)
	if err != nil { // a map of texts
		panic(err)
	}
	number := func(v float64) string { return string(appendNumber(nil, v)) }
	whole := func(n int64) string { return strconv.FormatInt(n, 10) }
	cells := []string{
		p.Time.UTC().Format("2006-01-02T15:04:05.000000Z"), whole(p.Time.UnixMicro()),
		p.WAN, p.Metric, string(labels),
		number(p.Value), number(p.Min), number(p.Max), whole(p.Count), p.Granularity.String(),
		whole(int64(p.Width / time.Microsecond)),
	}
	for _, q := range quantiles {
		cell := ""
		if value, ok := p.Quantile(q); ok {
			cell = number(value)
		}
		cells = append(cells, cell)
	}
	return cells
}
