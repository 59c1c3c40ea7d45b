package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/wanstore/wanstore/service"
)

// Each query sees the file as it is at one moment, while another process writes and maintains it:
// counts and sums of one answer fit, and no sample goes missing from one answer to the next.
func TestQueryOfAFileThatIsWritten(t *testing.T) {
	db := filepath.Join(t.TempDir(), "wan.db")
	end := time.Now().Truncate(time.Hour)
	ctx, stop := context.WithCancel(t.Context())
	begun, written := make(chan struct{}), make(chan int, 1)
	go func() {
		n, err := writeOnes(ctx, db, end.Add(-2*time.Hour), begun)
		if err != nil {
			t.Error(err)
		}
		written <- n
	}()
	<-begun
	before := 0.0
	for range 8 {
		count := ask(t, db, "count_over_time(load[2h])", end)
		if count < before || count < 1 {
			t.Errorf("%v samples, after %v", count, before)
		}
		before = count
		if apart := ask(t, db, "sum_over_time(load[2h]) - count_over_time(load[2h])", end); apart != 0 {
			t.Errorf("sum and count are %v apart", apart)
		}
	}
	stop()
	if n, count := <-written, ask(t, db, "count_over_time(load[2h])", end); count != float64(n) {
		t.Errorf("%v samples in the end, want %d", count, n)
	}
}

// writeOnes writes samples of value 1, a second apart, and maintains the file in between, until ctx
// is done or two hours are full.
func writeOnes(
	ctx context.Context, db string, begin time.Time, begun chan<- struct{},
) (n int, err error) {
	quiet := service.Options{Logger: slog.New(slog.DiscardHandler), NoMaintenance: true}
	outlives := context.WithoutCancel(ctx)
	writer, err := service.OpenWriter(outlives, service.Config{DBPath: db}, quiet)
	if err != nil {
		close(begun)
		return 0, err
	}
	series, err := writer.Series("load", "w", nil)
	for err == nil && n < 7200 && ctx.Err() == nil {
		var batch []service.Sample
		for range 20 {
			at := begin.Add(time.Duration(n) * time.Second)
			batch = append(batch, service.Sample{Series: series, Time: at, Value: 1})
			n++
		}
		if err = writer.Write(outlives, batch...); err == nil && n%200 == 0 {
			_, err = writer.Maintain(outlives)
		}
		if n == len(batch) {
			close(begun)
		}
	}
	if closing := writer.Close(outlives); err == nil {
		err = closing
	}
	return n, err
}

// ask returns the one value of an answer of the program.
func ask(t *testing.T, db, expr string, at time.Time) float64 {
	t.Helper()
	text := output(t, "query", expr, "--at", formatTime(at), "--format", "json", "--db", db)
	var answer struct {
		Data struct {
			Result []struct {
				Value [2]json.RawMessage
			}
		}
	}
	if err := json.Unmarshal(text, &answer); err != nil || len(answer.Data.Result) != 1 {
		t.Fatalf("%s: %v", text, err)
	}
	var value float64
	if _, err := fmt.Sscanf(string(answer.Data.Result[0].Value[1]), `"%g"`, &value); err != nil {
		t.Fatal(err)
	}
	return value
}

// How long steps are that nobody has named, and where they begin.
func TestSteps(t *testing.T) {
	now := time.Date(2026, 11, 1, 12, 34, 56, 789e6, time.UTC)
	for _, test := range []struct {
		last, step string
		most       int
		want       string
	}{
		{"1h", "", mostSteps, "11:34:45 to 12:34:45, step 15s"},
		{"1d", "", mostSteps, "12:30:00 to 12:30:00, step 10m"},
		{"10s", "", mostSteps, "12:34:46.75 to 12:34:56.75, step 50ms"},
		{"1ms", "", mostSteps, "12:34:56.788 to 12:34:56.789, step 1ms"},
		{"1h", "", 72, "11:34:00 to 12:34:00, step 1m"},
		{"1h", "1h", mostSteps, "11:00:00 to 12:00:00, step 1h"},
		{"1h", "1d", mostSteps, "00:00:00 to 00:00:00, step 1d"},
	} {
		var flags evaluationFlags
		for flag, text := range map[*durationFlag]string{&flags.last: test.last, &flags.step: test.step} {
			if text == "" {
				continue
			}
			if err := flag.Set(text); err != nil {
				t.Fatal(err)
			}
		}
		e, err := flags.steps(now, false, test.most)
		const layout = "15:04:05.999"
		got := fmt.Sprintf("%s to %s, step %s", e.from.UTC().Format(layout),
			e.until.UTC().Format(layout), (&durationFlag{e.step}).String())
		if err != nil || got != test.want {
			t.Errorf("%s in steps of %q: %s, %v; want %s", test.last, test.step, got, err, test.want)
		}
	}
}

// The queries of the documents, and the expressions of docs/PROMQL.md, are answered.
func TestQueriesOfDocuments(t *testing.T) {
	dir := t.TempDir()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(exe, filepath.Join(dir, "wanstore")); err != nil {
		t.Fatal(err)
	}
	db := filepath.Join(dir, "wan.db")
	recordHours(t, db)
	var lines []string
	for _, path := range []string{"../../README.md", "../../docs/COMMAND.md", "../../docs/PROMQL.md"} {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range commandLines(string(text)) {
			if strings.HasPrefix(line, "wanstore query '") && !strings.Contains(line, "EXPR") {
				lines = append(lines, line)
			}
		}
		for _, match := range expressionBlock.FindAllStringSubmatch(string(text), -1) {
			for expr := range strings.Lines(match[1]) {
				lines = append(lines, "wanstore query '"+strings.TrimSpace(expr)+"'")
			}
		}
	}
	if len(lines) < 10 {
		t.Errorf("only %d queries were found", len(lines))
	}
	for _, line := range lines {
		cmd := exec.CommandContext(t.Context(), "sh", "-c", line)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "PATH="+dir+":"+os.Getenv("PATH"), "WANCTL_STORAGE_DB_PATH="+db)
		if out, err := cmd.CombinedOutput(); err != nil || bytes.Contains(out, []byte("nothing:")) {
			t.Errorf("%s: %v\n%s", line, err, out)
		}
	}
}

// expressionBlock is a block of expressions in a document.
var expressionBlock = regexp.MustCompile("(?ms)^```promql\n(.*?)^```$")

// recordHours records what the documents ask for, up to now and of the day before.
func recordHours(t *testing.T, db string) {
	t.Helper()
	options := service.Options{Logger: slog.New(slog.DiscardHandler), NoMaintenance: true}
	writer, err := service.OpenWriter(t.Context(), service.Config{DBPath: db}, options)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	var samples []service.Sample
	for _, metric := range []string{
		service.RTT, service.LossRatio, service.RateDownload, service.RateUpload, service.State,
		"modem_online",
	} {
		series, err := writer.Series(metric, "cable", nil)
		if err != nil {
			t.Fatal(err)
		}
		for i := range 600 {
			for _, age := range []time.Duration{0, 30 * time.Hour} {
				at := now.Add(-time.Duration(12*i)*time.Second - age) // two hours
				samples = append(samples, service.Sample{Series: series, Time: at, Value: float64(i % 4)})
			}
		}
	}
	if err := writer.Write(t.Context(), samples...); err != nil {
		t.Fatal(err)
	}
	if err := writer.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
}
