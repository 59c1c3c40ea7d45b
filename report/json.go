package report

import (
	"encoding/json"
	"time"
)

// reportJSON is a report as programs read it: times are Unix seconds, and what was not measured is
// null.
type reportJSON struct {
	From int64     `json:"from"`
	To   int64     `json:"to"`
	WANs []wanJSON `json:"wans"`
}

type wanJSON struct {
	Name    string        `json:"wan_name"`
	Total   stretchJSON   `json:"total"`
	Days    []stretchJSON `json:"days"`
	Outages []Outage      `json:"outages"`
}

type stretchJSON struct {
	Date          string      `json:"date,omitempty"` // of a day
	From          int64       `json:"from"`
	To            int64       `json:"to"`
	Measured      float64     `json:"measured_seconds"`
	Download      *float64    `json:"download_gb"`
	Upload        *float64    `json:"upload_gb"`
	States        []stateJSON `json:"states"`
	P50           *float64    `json:"rtt_p50_ms"`
	P95           *float64    `json:"rtt_p95_ms"`
	P99           *float64    `json:"rtt_p99_ms"`
	Loss          *float64    `json:"loss_ratio"`
	Outages       *int        `json:"outages"`
	OutageSeconds *float64    `json:"outage_seconds"`
}

type stateJSON struct {
	Value float64 `json:"value"`
	Name  string  `json:"name,omitempty"`
	Count int64   `json:"count"`
	Share float64 `json:"share"`
}

type outageJSON struct {
	From        int64    `json:"from"`
	To          int64    `json:"to"`
	Seconds     float64  `json:"seconds"`
	Granularity float64  `json:"granularity_seconds"`
	WorstRTT    *float64 `json:"worst_rtt_ms"`
}

// MarshalJSON writes the report for programs, as docs/HTTP.md describes it.
func (r Report) MarshalJSON() ([]byte, error) {
	text := reportJSON{From: r.From.Unix(), To: r.Until.Unix(), WANs: []wanJSON{}}
	for _, wan := range r.WANs {
		one := wanJSON{
			Name: wan.Name, Total: wan.Total.json(), Days: []stretchJSON{},
			Outages: append([]Outage{}, wan.Outages...), // not nil
		}
		for _, day := range wan.Days {
			line := day.json()
			line.Date = Date(day, r.Zone)
			one.Days = append(one.Days, line)
		}
		text.WANs = append(text.WANs, one)
	}
	return json.Marshal(text)
}

// MarshalJSON writes the outage for programs, as a report has it.
func (o Outage) MarshalJSON() ([]byte, error) {
	return json.Marshal(outageJSON{
		From: o.From.Unix(), To: o.Until.Unix(), Seconds: o.Until.Sub(o.From).Seconds(),
		Granularity: o.Granularity.Seconds(), WorstRTT: o.WorstRTT,
	})
}

func (s Stretch) json() stretchJSON {
	text := stretchJSON{
		From: s.From.Unix(), To: s.Until.Unix(), Measured: s.Measured.Seconds(),
		Download: s.Download, Upload: s.Upload, States: []stateJSON{},
		P50: s.Quantile(0.5), P95: s.Quantile(0.95), P99: s.Quantile(0.99),
		Loss: s.Loss,
	}
	if len(s.States) > 0 {
		seconds := s.OutageTime.Seconds()
		text.Outages, text.OutageSeconds = &s.Outages, &seconds
	}
	for _, state := range s.States {
		text.States = append(text.States, stateJSON{state.Value, state.Name, state.Count, state.Share})
	}
	return text
}

// Quantile returns a quantile of the round-trip times, nil where there are none.
func (s Stretch) Quantile(q float64) *float64 {
	if s.RTT == nil {
		return nil
	}
	value := s.RTT.Quantile(q)
	return &value
}

// Date returns the date of a day in a zone.
func Date(day Stretch, zone *time.Location) string {
	// In the middle: where a change of the clocks skips midnight, a day begins later.
	return day.From.Add(day.Until.Sub(day.From) / 2).In(zone).Format(time.DateOnly)
}
