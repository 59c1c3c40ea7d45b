package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/wanstore/wanstore/importer"
	"github.com/wanstore/wanstore/service"
)

// exportNow is the clock of the tests.
var exportNow = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// sample is a raw sample, whatever writer it comes from.
type sample struct {
	at          int64
	metric, wan string
	labels      string
	bits        uint64
}

func openStore(t testing.TB, path string) *service.Writer {
	t.Helper()
	w, err := service.OpenWriter(t.Context(), service.Config{DBPath: path}, service.Options{
		Logger: slog.New(slog.DiscardHandler), Now: func() time.Time { return exportNow },
		TrustClock: true, NoMaintenance: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func openToRead(t testing.TB, path string) *service.History {
	t.Helper()
	history, err := service.OpenHistory(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	return history
}

func closeStore(t testing.TB, w *service.Writer) {
	t.Helper()
	if err := w.Close(context.Background()); err != nil {
		t.Error(err)
	}
}

// samples returns the raw samples of a WAN.
func samples(t testing.TB, history *service.History, wan string) []sample {
	t.Helper()
	raw := service.Raw
	var list []sample
	query := service.Query{
		Filter: service.Filter{WAN: wan}, From: time.Unix(0, 0), Until: exportNow.AddDate(1, 0, 0),
		Only: &raw,
	}
	for p, err := range history.Range(context.Background(), query) {
		if err != nil {
			t.Fatal(err)
		}
		labels, err := json.Marshal(p.Labels)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list,
			sample{p.Time.UnixMicro(), p.Metric, p.WAN, string(labels), math.Float64bits(p.Value)})
	}
	slices.SortFunc(list, func(a, b sample) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.metric, b.metric),
			cmp.Compare(a.labels, b.labels))
	})
	return list
}

// export runs the command on a file.
func export(t testing.TB, path string, args ...string) string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	root := newRoot()
	root.SetOut(&stdout)
	root.SetErr(&stderr)
	args = append([]string{"export", "--db", path}, args...)
	if code := execute(t.Context(), root, args); code != exitOK {
		t.Fatalf("exit code %d: %s", code, stderr.String())
	}
	return stdout.String()
}

// importText imports text through a file.
func importText(t testing.TB, w *service.Writer, text string) (importer.Result, error) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "samples.csv")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return importer.CSV(t.Context(), w, file, importer.Options{Now: exportNow})
}

// drawName draws text with everything in it that means something in CSV, JSON or a terminal.
func drawName(t *rapid.T, what string) string {
	pieces := rapid.SliceOfN(rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{
		"dsl", " ", ",", `"`, `""`, `\`, `\.`, "{}", "'", ";", "#", "=1+1",
		"\ufeff", "\u2028", "<&>", "é", "e\u0301", "日本", "🛰",
	})), 1, 6)
	name := strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return -1 // not in a name
		}
		return r
	}, strings.Join(pieces.Draw(t, what), ""))
	return strings.ToValidUTF8(name[:min(len(name), 190)], "")
}

func drawSeries(t *rapid.T, w *service.Writer, wan string) *service.Series {
	labels := service.Labels{}
	for range rapid.IntRange(0, 3).Draw(t, "labels") {
		labels["l"+rapid.StringMatching(`[a-zA-Z0-9_]{0,5}`).Draw(t, "name")] = drawName(t, "value")
	}
	metric := rapid.OneOf(rapid.Just(service.State),
		rapid.StringMatching(`[a-zA-Z_:][a-zA-Z0-9_:]{0,20}`)).Draw(t, "metric")
	series, err := w.Series(metric, wan, labels)
	if err != nil {
		t.Fatal(err)
	}
	return series
}

func drawValue(t *rapid.T) float64 {
	return rapid.OneOf(
		rapid.Float64Range(-service.MaxValue, service.MaxValue),
		rapid.Float64Range(-1000, 1000),
		rapid.SampledFrom([]float64{
			0, math.Copysign(0, -1), 5e-324, -5e-324, 2.2250738585072014e-308, service.MaxValue,
			-service.MaxValue,
			0.1, 1.0 / 3, 1 << 53, 1<<53 + 2, 1e21, 1e-7, 123456789.123456789, 12.5,
		}),
	).Draw(t, "number")
}

// Whatever the series are called and whatever their values are: what is exported imports to the
// same samples, to the bit.
func TestExportImportsBack(t *testing.T) {
	from, to := filepath.Join(t.TempDir(), "from.db"), filepath.Join(t.TempDir(), "to.db")
	source, target := openStore(t, from), openStore(t, to)
	defer closeStore(t, source)
	defer closeStore(t, target)
	exported, imported := openToRead(t, from), openToRead(t, to)
	defer exported.Close()
	defer imported.Close()
	checks := 0
	rapid.Check(t, func(rt *rapid.T) {
		checks++
		wan := drawName(rt, "WAN") + number(checks) // each check has its own
		var written []service.Sample
		for range rapid.IntRange(1, 5).Draw(rt, "series") {
			series := drawSeries(rt, source, wan)
			for range rapid.IntRange(1, 5).Draw(rt, "samples") {
				at := exportNow.Add(-time.Duration(rapid.Int64Range(0, 3600_000_000).Draw(rt,
					"ago")) * time.Microsecond)
				written = append(written, service.Sample{Series: series, Time: at, Value: drawValue(rt)})
			}
		}
		if err := source.Write(t.Context(), written...); err != nil {
			rt.Fatal(err)
		}
		text := export(t, from, "--wan", wan)
		want := samples(t, exported, wan)
		result, err := importText(t, target, text)
		if err != nil || result.Stored != int64(len(want)) || len(want) == 0 {
			rt.Fatalf("%v, %+v, want %d samples of\n%s", err, result, len(want), text)
		}
		diff := gocmp.Diff(want, samples(t, imported, wan), gocmp.AllowUnexported(sample{}))
		if diff != "" {
			rt.Fatalf("-exported +imported:\n%s\nfrom\n%s", diff, text)
		}
		if again := export(t, to, "--wan", wan); again != text {
			rt.Fatalf("exported again it is\n%s\nand was\n%s", again, text)
		}
	})
}

// The longest record that there can be is one that import reads.
func TestExportOfTheLongestRecord(t *testing.T) {
	from, to := filepath.Join(t.TempDir(), "from.db"), filepath.Join(t.TempDir(), "to.db")
	source, target := openStore(t, from), openStore(t, to)
	defer closeStore(t, source)
	defer closeStore(t, target)
	labels := service.Labels{}
	for _, name := range []string{"a", "b", "c", "d"} {
		labels[name] = strings.Repeat(`"`, 500) // two bytes each as JSON, four in CSV
	}
	series, err := source.Series(strings.Repeat("m", 200), strings.Repeat(`"`, 200), labels)
	if err == nil {
		err = source.Write(t.Context(),
			service.Sample{Series: series, Time: exportNow, Value: -math.MaxFloat64 / 1e19})
	}
	if err != nil {
		t.Fatal(err)
	}
	if result, err := importText(t, target, export(t, from)); err != nil || result.Stored != 1 {
		t.Errorf("%v, %+v", err, result)
	}
}
