package service_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"time"

	"github.com/wanstore/wanstore/service"
)

// A control loop records round-trip times and a state of its own.
func ExampleWriter() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "wanstore")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)

	writer, err := service.OpenWriter(ctx,
		service.Config{DBPath: filepath.Join(dir, "metrics.db"), RetentionDays: 30},
		service.Options{Metrics: []service.Metric{
			{Name: "modem_online", Help: "Whether the modem has a line.", Aggregation: service.Mode},
		}})
	if err != nil {
		log.Fatal(err)
	}
	rtt, err := writer.Series(service.RTT, "cable", nil)
	if err != nil {
		log.Fatal(err)
	}
	online, err := writer.Series("modem_online", "cable", service.Labels{"modem": "a"})
	if err != nil {
		log.Fatal(err)
	}

	now := time.Now()
	for i := range 20 { // this is the loop: it never waits
		at := now.Add(time.Duration(i) * 50 * time.Millisecond)
		writer.Record(
			service.Sample{Series: rtt, Time: at, Value: 20 + float64(i)},
			service.Sample{Series: online, Time: at, Value: 1},
		)
	}

	if err := writer.Close(ctx); err != nil { // commits what is queued
		log.Fatal(err)
	}
	fmt.Println(writer.Status().Accepted, "samples")
	// Output: 40 samples
}

// History reads what a writer has committed, here averages over steps of a second.
func ExampleHistory() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "wanstore")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "metrics.db")
	from := time.Now().Add(-time.Hour).Truncate(time.Minute)
	record(ctx, path, from)

	history, err := service.OpenHistory(ctx, path)
	if err != nil {
		log.Fatal(err)
	}
	defer history.Close()
	query := service.Query{
		Filter: service.Filter{Metrics: []string{service.RTT}},
		From:   from, Until: from.Add(3 * time.Second), Step: time.Second,
	}
	for point, err := range history.Range(ctx, query) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%s +%s %.1f (%.0f to %.0f, %d samples)\n",
			point.Metric, point.Time.Sub(from), point.Value, point.Min, point.Max, point.Count)
	}
	// Output:
	// wanctl_rtt_ms +0s 20.5 (20 to 21, 2 samples)
	// wanctl_rtt_ms +1s 22.5 (22 to 23, 2 samples)
	// wanctl_rtt_ms +2s 24.5 (24 to 25, 2 samples)
}

func record(ctx context.Context, path string, from time.Time) {
	// A year of patience, so that nothing of the example is rolled up meanwhile.
	writer, err := service.OpenWriter(ctx, service.Config{DBPath: path, Grace: 365 * 24 * time.Hour}, service.Options{})
	if err != nil {
		log.Fatal(err)
	}
	rtt, err := writer.Series(service.RTT, "cable", nil)
	if err != nil {
		log.Fatal(err)
	}
	for i := range 6 {
		at := from.Add(time.Duration(i) * 500 * time.Millisecond)
		if err := writer.Write(ctx, service.Sample{Series: rtt, Time: at, Value: 20 + float64(i)}); err != nil {
			log.Fatal(err)
		}
	}
	if err := writer.Close(ctx); err != nil {
		log.Fatal(err)
	}
}
