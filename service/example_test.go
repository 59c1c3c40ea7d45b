package service_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/wanstore/wanstore/service"
)

// A control loop records round-trip times and a state of its own.
func ExampleWriter() {
	example := func(ctx context.Context, path string) error {
		writer, err := service.OpenWriter(ctx,
			service.Config{DBPath: path, RetentionDays: 30},
			service.Options{Metrics: []service.Metric{
				{
					Name: "modem_online", Help: "Whether the modem has a line.", Aggregation: service.Mode,
					States: service.StateNames{0: "no", 1: "yes"},
				},
			}})
		if err != nil {
			return err
		}
		rtt, err := writer.Series(service.RTT, "cable", nil)
		if err != nil {
			return err
		}
		online, err := writer.Series("modem_online", "cable", service.Labels{"modem": "a"})
		if err != nil {
			return err
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
			return err
		}
		fmt.Println(writer.Status().Accepted, "samples")
		return nil
	}
	inTemporaryFolder(example)
	// Output: 40 samples
}

// History reads what a writer has committed, here averages over steps of a second.
func ExampleHistory() {
	example := func(ctx context.Context, path string) error {
		from := time.Now().Add(-time.Hour).Truncate(time.Minute)
		if err := recordSixSamples(ctx, path, from); err != nil {
			return err
		}
		history, err := service.OpenHistory(ctx, path)
		if err != nil {
			return err
		}
		query := service.Query{
			Filter: service.Filter{Metrics: []string{service.RTT}},
			From:   from, Until: from.Add(3 * time.Second), Step: time.Second,
		}
		for point, err := range history.Range(ctx, query) {
			if err != nil {
				return err
			}
			fmt.Printf("%s +%s %.1f (%.0f to %.0f, %d samples)\n",
				point.Metric, point.Time.Sub(from), point.Value, point.Min, point.Max, point.Count)
		}
		return history.Close()
	}
	inTemporaryFolder(example)
	// Output:
	// wanctl_rtt_ms +0s 20.5 (20 to 21, 2 samples)
	// wanctl_rtt_ms +1s 22.5 (22 to 23, 2 samples)
	// wanctl_rtt_ms +2s 24.5 (24 to 25, 2 samples)
}

func recordSixSamples(ctx context.Context, path string, from time.Time) error {
	// A year of patience, so that nothing of the example is rolled up meanwhile.
	writer, err := service.OpenWriter(ctx, service.Config{DBPath: path, Grace: 365 * 24 * time.Hour},
		service.Options{})
	if err != nil {
		return err
	}
	rtt, err := writer.Series(service.RTT, "cable", nil)
	if err != nil {
		return err
	}
	for i := range 6 {
		at := from.Add(time.Duration(i) * 500 * time.Millisecond)
		sample := service.Sample{Series: rtt, Time: at, Value: 20 + float64(i)}
		if err := writer.Write(ctx, sample); err != nil {
			return err
		}
	}
	return writer.Close(ctx)
}

// inTemporaryFolder runs an example on a path of its own.
func inTemporaryFolder(example func(ctx context.Context, path string) error) {
	dir, err := os.MkdirTemp("", "wanstore")
	if err == nil {
		err = example(context.Background(), filepath.Join(dir, "metrics.db"))
	}
	if err != nil {
		fmt.Println(err)
	}
	if err := os.RemoveAll(dir); err != nil {
		fmt.Println(err)
	}
}

// A view answers several questions that belong together: here which series there are, and what each
// has.
func ExampleHistory_Snapshot() {
	from := time.Now().Truncate(time.Second).Add(-10 * time.Second)
	example := func(ctx context.Context, path string) error {
		if err := recordSixSamples(ctx, path, from); err != nil {
			return err
		}
		history, err := service.OpenHistory(ctx, path)
		if err != nil {
			return err
		}
		snapshot, err := history.Snapshot(ctx)
		if err != nil {
			return errors.Join(err, history.Close())
		}
		onCable, err := service.NewMatcher(service.MatchRegexp, "wan", "cable|fibre")
		if err != nil {
			return err
		}
		samples := service.BucketQuery{
			Series: snapshot.Series(onCable), Granularity: service.Raw,
			From: from, Until: from.Add(time.Second),
		}
		for bucket, err := range snapshot.Buckets(ctx, samples) {
			if err != nil {
				return err
			}
			fmt.Printf("+%s %.0f\n", bucket.Time.Sub(from), bucket.Value(service.Average))
		}
		return errors.Join(snapshot.Close(), history.Close())
	}
	inTemporaryFolder(example)
	// Output:
	// +0s 20
	// +500ms 21
}
