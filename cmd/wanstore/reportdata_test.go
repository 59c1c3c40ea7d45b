package main

import (
	"encoding/csv"
	"os"
	"strconv"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/wanstore/wanstore/service"
)

// month writes four days of two lines as CSV to be imported, from a Friday on, with a Sunday on
// which the clocks go forward in Berlin: month FILE. One line has an outage and a gap, the other
// one rates alone.
func month(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: month FILE")
	}
	zone, err := time.LoadLocation("Europe/Berlin")
	ts.Check(err)
	file, err := os.Create(ts.MkAbs(args[0]))
	ts.Check(err)
	out := csv.NewWriter(file)
	add := func(at time.Time, wan, metric string, value float64) {
		ts.Check(out.Write([]string{
			strconv.FormatInt(at.UnixMilli(), 10), wan, metric, "{}",
			strconv.FormatFloat(value, 'g', -1, 64),
		}))
	}
	ts.Check(out.Write([]string{"timestamp_ms", "wan", "metric", "labels_json", "value"}))
	at := func(day, hour, minute int) time.Time {
		return time.Date(2025, 3, day, hour, minute, 0, 0, zone)
	}
	within := func(moment, from, until time.Time) bool {
		return !moment.Before(from) && moment.Before(until)
	}
	for moment := at(28, 0, 0); moment.Before(at(31, 12, 0)); moment = moment.Add(time.Minute) {
		add(moment, "lte", service.RateDownload, 1)
		if within(moment, at(30, 6, 0), at(30, 7, 30)) { // nobody recorded
			continue
		}
		outage := within(moment, at(29, 20, 0), at(29, 22, 0)) ||
			within(moment, at(31, 11, 0), at(31, 11, 4))
		state, rate := 0.0, 80.0
		if outage {
			state, rate = 3, 0
		}
		add(moment, "cable", service.State, state)
		add(moment, "cable", service.RateDownload, rate)
		add(moment, "cable", service.RateUpload, rate/10)
		if !outage {
			add(moment, "cable", service.RTT, 20+float64(moment.Minute()%10))
			add(moment, "cable", "wanctl_loss_ratio", float64(moment.Minute()%2)/100)
		}
	}
	out.Flush()
	ts.Check(out.Error())
	ts.Check(file.Close())
}
