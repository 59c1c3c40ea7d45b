package report

import (
	"encoding/csv"
	"encoding/json"
	"io"
	"strconv"
	"time"
)

// csvHeader has the columns of CSV.
var csvHeader = []string{
	"wan_name", "date", "timestamp", "timestamp_us", "width_us", "measured_us", "download_gb",
	"upload_gb", "states", "rtt_p50_ms", "rtt_p95_ms", "rtt_p99_ms", "loss_ratio", "outages",
	"outage_us",
}

// allDays is in the place of a date in the line of all of them.
const allDays = "all"

// WriteCSV writes a line for each day of each WAN, and one for all of them, with the date "all". A
// value that was not measured is an empty cell.
//
// Errors: those of out.
func (r Report) WriteCSV(out io.Writer) error {
	lines := csv.NewWriter(out)
	write := func(wan, date string, stretch Stretch) error {
		cells, err := stretch.csv()
		if err != nil {
			return err
		}
		return lines.Write(append([]string{wan, date}, cells...))
	}
	if err := lines.Write(csvHeader); err != nil {
		return err
	}
	for _, wan := range r.WANs {
		for _, day := range wan.Days {
			if err := write(wan.Name, Date(day, r.Zone), day); err != nil {
				return err
			}
		}
		if err := write(wan.Name, allDays, wan.Total); err != nil {
			return err
		}
	}
	lines.Flush()
	return lines.Error()
}

// csv returns the cells behind the date.
func (s Stretch) csv() ([]string, error) {
	text := s.json()
	states, err := json.Marshal(text.States)
	outages, outageTime := "", ""
	if text.Outages != nil {
		outages, outageTime = strconv.Itoa(s.Outages), micros(s.OutageTime)
	}
	return []string{
		s.From.UTC().Format("2006-01-02T15:04:05.000000Z"), strconv.FormatInt(s.From.UnixMicro(), 10),
		micros(s.Until.Sub(s.From)), micros(s.Measured), decimal(s.Download), decimal(s.Upload),
		string(states), decimal(text.P50), decimal(text.P95), decimal(text.P99), decimal(s.Loss),
		outages, outageTime,
	}, err
}

func micros(d time.Duration) string { return strconv.FormatInt(d.Microseconds(), 10) }

// decimal writes a number with all of its digits, and nothing for none.
func decimal(value *float64) string {
	if value == nil {
		return ""
	}
	return strconv.FormatFloat(*value, 'f', -1, 64)
}
