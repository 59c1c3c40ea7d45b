package api_test

import (
	"encoding/csv"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wanstore/wanstore/service"
)

// A report as it is, to the byte: of a minute of an outage, and of one before it.
func TestReport(t *testing.T) {
	t.Parallel()
	// In the past, so that the clock changes nothing; in days that begin at a quarter to.
	zone, err := time.LoadLocation("Asia/Kathmandu")
	if err != nil {
		t.Fatal(err)
	}
	yesterday := time.Now().In(zone).AddDate(0, 0, -1)
	day := time.Date(yesterday.Year(), yesterday.Month(), yesterday.Day(), 0, 0, 0, 0, zone)
	r := record(t, service.Config{Grace: 24 * time.Hour})
	rate := r.series(t, service.RateDownload, "cable", nil)
	state := r.series(t, service.State, "cable", nil)
	rtt := r.series(t, service.RTT, "cable", nil)
	for second := range 120 {
		at := day.Add(time.Duration(second) * time.Second)
		r.write(t, service.Sample{Series: rate, Time: at, Value: 80},
			service.Sample{Series: state, Time: at, Value: float64(second / 60 * 3)})
		if second < 60 {
			r.write(t, service.Sample{Series: rtt, Time: at, Value: float64(second)})
		}
	}
	month := day.Format("2006-01")
	answer := ask(t, r.api, http.MethodGet, "/report?wan=cable&tz=Asia/Kathmandu&month="+month)
	report := decode[struct {
		From, To int64
		WANs     []struct {
			Name    string `json:"wan_name"`
			Total   any
			Days    []map[string]any
			Outages any
		}
	}](t, answer.Body)
	if len(report.WANs) != 1 || report.WANs[0].Name != "cable" ||
		len(report.WANs[0].Days) < day.Day() {
		t.Fatalf("GET /report: %d %+v", answer.Code, report)
	}
	begin := float64(day.Unix())
	want := map[string]any{
		"date": day.Format(time.DateOnly), "from": begin,
		"to": float64(day.AddDate(0, 0, 1).Unix()), "measured_seconds": 120.0, "download_gb": 1.2,
		"upload_gb": nil, "loss_ratio": nil, "outages": 1.0, "outage_seconds": 60.0,
		"rtt_p50_ms": 29.0, "rtt_p95_ms": 56.0, "rtt_p99_ms": 59.0,
		"states": []any{
			map[string]any{"value": 0.0, "name": "GREEN", "count": 60.0, "share": 0.5},
			map[string]any{"value": 3.0, "name": "RED", "count": 60.0, "share": 0.5},
		},
	}
	if diff := cmp.Diff(want, report.WANs[0].Days[day.Day()-1]); diff != "" {
		t.Error(diff)
	}
	outages := []any{map[string]any{"from": begin + 60, "to": begin + 120, "seconds": 60.0,
		"granularity_seconds": 60.0, "worst_rtt_ms": 59.0}}
	if diff := cmp.Diff(any(outages), report.WANs[0].Outages); diff != "" {
		t.Error(diff)
	}
}

// The lines of CSV are those that the command prints, for each day and all of them.
func TestReportCSV(t *testing.T) {
	t.Parallel()
	r := record(t, service.Config{})
	at := time.Now().Add(-2 * time.Second).UTC().Truncate(time.Second)
	r.write(t, service.Sample{Series: r.series(t, service.State, "a,b", nil), Time: at, Value: 1})
	answer := ask(t, r.api, http.MethodGet, "/report?format=csv&month="+at.Format("2006-01"))
	if kind := answer.Header().Get("Content-Type"); !strings.HasPrefix(kind, "text/csv") {
		t.Errorf("the type is %s", kind)
	}
	lines, err := csv.NewReader(answer.Body).ReadAll()
	if err != nil || len(lines) != 1+at.Day()+1 {
		t.Fatalf("%d lines on day %d: %v", len(lines), at.Day(), err)
	}
	header, today, all := lines[0], lines[at.Day()], lines[at.Day()+1]
	column := func(line []string, name string) string { return line[slices.Index(header, name)] }
	if date := column(today, "date"); column(today, "wan_name") != "a,b" ||
		date != at.Format(time.DateOnly) || column(all, "date") != "all" {
		t.Errorf("the lines are %v and %v", today, all)
	}
	for name, want := range map[string]string{
		"states": `[{"value":1,"name":"YELLOW","count":1,"share":1}]`, "outages": "0",
		"outage_us": "0", "download_gb": "", "rtt_p95_ms": "",
	} {
		if got := column(all, name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
}

func TestReportRefuses(t *testing.T) {
	t.Parallel()
	r := record(t, service.Config{})
	for query, parameter := range map[string]string{
		"month=2025-13": "month", "month=": "month", "month=9999-01": "month", "tz=Local": "tz",
		"format=xml": "format", "wan=": "wan", "step=1d": "step", "month=2025-01&month=2025-02": "month",
	} {
		why := refusal(t, r.api, "/report?"+query, http.StatusBadRequest)
		if why.Error.Parameter != parameter {
			t.Errorf("%s: %+v", query, why)
		}
	}
	if answer := ask(t, r.api, http.MethodGet, "/report"); answer.Code != http.StatusOK {
		t.Error(fmt.Sprint(answer.Code, answer.Body))
	}
}
