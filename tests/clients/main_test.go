// Package clients asks a server of the built program as its clients do: Grafana's data source and
// dashboard, and promtool.
package clients

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/wanstore/wanstore/service"
	_ "github.com/wanstore/wanstore/tests/internal/update" // for its flag alone
)

// The recorded week. It begins where simulated time does.
var (
	begin = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	end   = begin.Add(7 * 24 * time.Hour)
)

// server is where the tests ask. serve starts it with the first of them.
var (
	folder string
	serve  = sync.OnceValues(start)
	stop   = func() error { return nil }
)

func TestMain(m *testing.M) {
	flag.Parse()
	made, err := os.MkdirTemp("", "clients")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	folder = made
	code := m.Run()
	for _, err := range []error{stop(), os.RemoveAll(folder), goleak.Find()} {
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

// serverURL returns where a server answers from the recorded week, without a slash behind.
func serverURL(t *testing.T) string {
	t.Helper()
	path := filepath.Join(folder, "history.db")
	if _, err := os.Stat(path); err != nil {
		synctest.Test(t, func(t *testing.T) { recordWeek(t, path) })
	}
	address, err := serve()
	if err != nil {
		t.Fatal(err)
	}
	return address
}

// start builds the program and starts a server.
func start() (url string, err error) {
	program := filepath.Join(folder, "wanstore")
	ctx := context.Background()
	build := exec.CommandContext(ctx, "go", "build", "-o", program, "../../cmd/wanstore")
	if output, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w: %s", err, output)
	}
	command := exec.CommandContext(ctx, program, "serve", "--json", "--listen", "127.0.0.1:0",
		"--db", filepath.Join(folder, "history.db"))
	command.Stderr = os.Stderr
	output, err := command.StdoutPipe()
	if err != nil {
		return "", err
	}
	if err := command.Start(); err != nil {
		return "", err
	}
	stop = func() error {
		if err := command.Process.Signal(syscall.SIGTERM); err != nil {
			return err
		}
		return command.Wait()
	}
	line, err := bufio.NewReader(output).ReadBytes('\n')
	if err != nil {
		return "", err
	}
	var started struct {
		URL string `json:"url"`
	}
	err = json.Unmarshal(line, &started)
	return started.URL[:max(0, len(started.URL)-1)], err
}

// recordWeek records a sample a minute of two WANs, and one a second of the last hour, and rolls
// them up.
func recordWeek(t *testing.T, path string) {
	t.Helper()
	time.Sleep(end.Sub(begin)) // simulated
	writer, err := service.OpenWriter(t.Context(), service.Config{DBPath: path}, service.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for i, wan := range []string{"cable", "lte"} {
		recordLine(t, writer, wan, float64(i))
	}
	if _, err := writer.Maintain(t.Context()); err != nil {
		t.Error(err)
	}
	if err := writer.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

func recordLine(t *testing.T, writer *service.Writer, wan string, number float64) {
	t.Helper()
	for metric, valueAt := range map[string]func(second float64) float64{
		service.RTT:          func(s float64) float64 { return 20 + 5*number + 4*math.Sin(s/600) },
		service.RTTBaseline:  func(float64) float64 { return 15 + 5*number },
		service.RTTJitter:    func(s float64) float64 { return 1 + math.Abs(math.Cos(s/60)) },
		service.LossRatio:    func(s float64) float64 { return float64(int(s/60) % 50 / 49) },
		service.RateDownload: func(s float64) float64 { return 100 - 40*number + math.Mod(s/60, 10) },
		service.RateUpload:   func(s float64) float64 { return 20 - 10*number + math.Mod(s/60, 5) },
		service.State:        func(s float64) float64 { return float64(int(s/3600) % 24 / 6) },
		"modem_signal_dbm":   func(s float64) float64 { return -80 - math.Mod(s/60, 7) },
	} {
		series, err := writer.Series(metric, wan, nil)
		if err != nil {
			t.Fatal(err)
		}
		var samples []service.Sample
		for at := begin; at.Before(end); at = at.Add(pace(at)) {
			samples = append(samples, service.Sample{Series: series, Time: at,
				Value: valueAt(at.Sub(begin).Seconds())})
		}
		if err := writer.Write(t.Context(), samples...); err != nil {
			t.Fatal(err)
		}
	}
}

// pace is the distance to the next sample.
func pace(at time.Time) time.Duration {
	if end.Sub(at) <= time.Hour {
		return time.Second
	}
	return time.Minute
}
