package promql

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/wanstore/wanstore/service"
)

// What is asked about: a month of round-trip times at 1 Hz, and six more series in its last week.
var (
	benchEnd   = time.Date(2026, 11, 29, 0, 0, 0, 0, time.UTC)
	benchWeek  = benchEnd.Add(-7 * 24 * time.Hour)
	benchMonth = benchEnd.Add(-30 * 24 * time.Hour)
)

var benchMetrics = []string{
	service.RTT, "wanctl_rtt_baseline_ms", "wanctl_rtt_delta_ms", "wanctl_rate_download_mbps",
	"wanctl_rate_upload_mbps", service.State, "wanctl_steering_enabled",
}

// benchSeconds calls take with the values of all series in the order of time, and how many of them
// there are at that moment: the first one, or all.
func benchSeconds(take func(at time.Time, values []float64) error) error {
	random := rand.New(rand.NewPCG(1, 2))
	values := make([]float64, len(benchMetrics))
	for at := benchMonth; at.Before(benchEnd); at = at.Add(time.Second) {
		day := float64(at.Unix()%86400) / 86400 * 2 * math.Pi
		rtt := 22 + 6*math.Sin(day) + 9*random.ExpFloat64()
		copy(values, []float64{
			round(rtt), 22, round(rtt - 22), round(600 + 250*math.Sin(day) + 40*random.NormFloat64()),
			round(35 + 4*random.NormFloat64()), math.Floor(min(rtt/25, 3)), math.Floor(min(rtt/60, 1)),
		})
		known := len(values)
		if at.Before(benchWeek) {
			known = 1
		}
		if err := take(at, values[:known]); err != nil {
			return err
		}
	}
	return nil
}

func round(v float64) float64 { return math.Round(v*1000) / 1000 }

// makeBenchFile records everything as a daemon would have, with maintenance each hour.
func makeBenchFile(b *testing.B, path string) {
	b.Helper()
	ctx := context.Background()
	now := benchMonth
	writer, err := service.OpenWriter(ctx, service.Config{
		DBPath: path, RetentionDays: 31, Keep5m: 8 * 24 * time.Hour,
		CommitInterval: 1000 * time.Hour, CommitSamples: 1,
	}, service.Options{
		Logger: slog.New(slog.DiscardHandler), NoMaintenance: true, TrustClock: true,
		Now: func() time.Time { return now },
	})
	if err != nil {
		b.Fatal(err)
	}
	var handles []*service.Series
	for _, metric := range benchMetrics {
		handle, err := writer.Series(metric, "starlink", nil)
		if err != nil {
			b.Fatal(err)
		}
		handles = append(handles, handle)
	}
	var batch []service.Sample
	err = benchSeconds(func(at time.Time, values []float64) error {
		for i, value := range values {
			batch = append(batch, service.Sample{Series: handles[i], Time: at, Value: value})
		}
		if at.Unix()%600 != 599 {
			return nil
		}
		now = at
		err := writer.Write(ctx, batch...)
		batch = batch[:0]
		if err == nil && at.Unix()%3600 == 3599 {
			_, err = writer.Maintain(ctx)
		}
		return err
	})
	if err := errors.Join(err, writer.Close(ctx)); err != nil {
		b.Fatal(err)
	}
}

// makeBenchBlocks has Prometheus's tool write the same samples into blocks of a TSDB.
func makeBenchBlocks(b *testing.B, dir string) {
	b.Helper()
	path := filepath.Join(b.TempDir(), "openmetrics")
	if err := writeOpenMetrics(path); err != nil {
		b.Fatal(err)
	}
	command := exec.CommandContext(b.Context(), "promtool", "tsdb", "create-blocks-from",
		"openmetrics", "--quiet", "--max-block-duration=54h", path, dir)
	if output, err := command.CombinedOutput(); err != nil {
		b.Fatalf("promtool: %v: %s", err, output)
	}
}

func writeOpenMetrics(path string) (err error) {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	out := bufio.NewWriterSize(file, 1<<20)
	for i, metric := range benchMetrics {
		if _, err := fmt.Fprintf(out, "# TYPE %s gauge\n", metric); err != nil {
			return err
		}
		err := benchSeconds(func(at time.Time, values []float64) error {
			if i >= len(values) {
				return nil
			}
			_, err := fmt.Fprintf(out, "%s{wan=\"starlink\"} %v %d\n", metric, values[i], at.Unix())
			return err
		})
		if err != nil {
			return err
		}
	}
	if _, err := out.WriteString("# EOF\n"); err != nil {
		return err
	}
	return out.Flush()
}
