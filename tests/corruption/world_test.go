// Package corruption damages histories in every way that a disk, a card or a careless hand does,
// and looks at what becomes of them: either what is read is right, or the damage is told, and
// recording goes on in a new file.
package corruption

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/service"
)

// begin is the moment of the first sample: so long ago that all tiers have something, and not too
// long for any.
var begin = time.Now().Add(-3 * time.Hour).Truncate(time.Hour)

// set is the bytes of a history and of what lies beside it, by suffix.
type set map[string][]byte

func (s set) clone() set {
	copied := set{}
	for suffix, data := range s {
		copied[suffix] = append([]byte(nil), data...)
	}
	return copied
}

// put writes the set into a directory of the test.
func (s set) put(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "history.db")
	for suffix, data := range s {
		must(t, os.WriteFile(path+suffix, data, 0o600))
	}
	renumber(t, path)
	return path
}

// renumber makes the lock file say of the files that are beside it what it says of those that they
// are a copy of.
func renumber(t *testing.T, path string) {
	t.Helper()
	text, err := os.ReadFile(path + ".lock")
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	must(t, err)
	for suffix, word := range map[string]string{"": "file ", "-wal": "WAL ", ".lock": "lock "} {
		if _, err := os.Stat(path + suffix); err == nil {
			text = regexp.MustCompile(word+`\d*[1-9]\d*`).ReplaceAll(text,
				append([]byte(word), inode(t, path+suffix)...))
		}
	}
	must(t, os.WriteFile(path+".lock", text, 0o600))
}

// take reads the set at path.
func take(t *testing.T, path string) set {
	t.Helper()
	s := set{}
	for _, suffix := range []string{"", "-wal", "-shm", ".lock"} {
		data, err := os.ReadFile(path + suffix)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		must(t, err)
		s[suffix] = data
	}
	return s
}

// closed is a history that was closed: its file is all there is. The second result is what it says.
func closed(t *testing.T) (set, []string) {
	t.Helper()
	path := filetest.Path(t)
	w := open(t, path)
	fill(t, w)
	maintain(t, w)
	fillLate(t, w)
	must(t, w.Close(t.Context()))
	return take(t, path), read(t, path)
}

// killed is a history as a killed program leaves it: commits of three samples each lie in its WAL
// alone.
func killed(t *testing.T) (set, []string) {
	t.Helper()
	path := filetest.Path(t)
	w := open(t, path)
	fill(t, w)
	maintain(t, w)
	add(t, w, commits)
	return take(t, path), read(t, path)
}

// fill records samples of some series: means and states, one with so many labels that it takes a
// page of its own.
func fill(t *testing.T, w *service.Writer) {
	t.Helper()
	var samples []service.Sample
	for i := range 400 {
		at := begin.Add(time.Duration(i) * 20 * time.Second)
		for n, s := range manySeries(t, w) {
			samples = append(samples,
				service.Sample{Series: s, Time: at, Value: float64((i * (n + 3)) % 17)})
		}
	}
	must(t, w.Write(t.Context(), samples...))
}

// fillLate adds what is not rolled up.
func fillLate(t *testing.T, w *service.Writer) {
	t.Helper()
	var samples []service.Sample
	for i := range 60 {
		for n, s := range manySeries(t, w) {
			samples = append(samples, service.Sample{Series: s, Time: time.Now(), Value: float64(i + n)})
		}
	}
	must(t, w.Write(t.Context(), samples...))
}

func manySeries(t *testing.T, w *service.Writer) []*service.Series {
	t.Helper()
	many := service.Labels{}
	for i := range 40 {
		many[fmt.Sprintf("label_%d", i)] = strings.Repeat("x", i)
	}
	var list []*service.Series
	for _, one := range []struct {
		metric string
		labels service.Labels
	}{{service.RTT, nil}, {service.State, nil}, {service.RTT, many}} {
		s, err := w.Series(one.metric, "spectrum", one.labels)
		must(t, err)
		list = append(list, s)
	}
	return list
}

// add commits three samples each time, one after the other.
func add(t *testing.T, w *service.Writer, commits int) {
	t.Helper()
	s, err := w.Series("counter", "spectrum", nil)
	must(t, err)
	for i := range commits {
		var samples []service.Sample
		for n := range 3 {
			samples = append(samples,
				service.Sample{Series: s, Time: begin.Add(time.Duration(3*i+n) * time.Millisecond),
					Value: float64(3*i + n)})
		}
		must(t, w.Write(t.Context(), samples...))
	}
}

func open(t *testing.T, path string) *service.Writer {
	t.Helper()
	return openWith(t, service.Config{DBPath: path, KeepRaw: time.Hour},
		service.Options{Logger: slog.New(slog.DiscardHandler)})
}

func openWith(t *testing.T, config service.Config, options service.Options) *service.Writer {
	t.Helper()
	options.NoMaintenance = true
	w, err := service.OpenWriter(t.Context(), config, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { must(t, w.Close(context.Background())) })
	return w
}

func maintain(t *testing.T, w *service.Writer) {
	t.Helper()
	_, err := w.Maintain(t.Context())
	must(t, err)
}

// read returns everything that a history says, or fails the test.
func read(t *testing.T, path string) []string {
	t.Helper()
	lines, err := tryRead(t.Context(), path)
	must(t, err)
	return lines
}

// tryRead reads everything in every way there is.
func tryRead(ctx context.Context, path string) (lines []string, err error) {
	h, err := service.OpenHistory(ctx, path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, h.Close()) }()
	for _, only := range []service.Granularity{service.Raw, service.Minute, service.FiveMinutes,
		service.Hour} {
		for point, err := range h.Range(ctx,
			service.Query{From: begin.Add(-time.Hour), Until: time.Now().Add(time.Hour), Only: &only}) {
			if err != nil {
				return nil, err
			}
			lines = append(lines,
				fmt.Sprint(point.Time.UnixMicro(), point.Metric, point.WAN, point.Labels, point.Aggregation,
					point.Value, point.Min, point.Max, point.Count, point.Granularity))
		}
	}
	latest, err := h.Latest(ctx, service.Filter{})
	for _, point := range latest {
		lines = append(lines,
			fmt.Sprint("latest", point.Time.UnixMicro(), point.Metric, point.Labels, point.Value))
	}
	return lines, err
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func isDamage(err error) bool {
	return errors.Is(err, service.ErrDamaged) || errors.Is(err, service.ErrNotDatabase)
}

// readsRightOrTells fails the test if a damaged history is read as anything but what it was.
func readsRightOrTells(t *testing.T, path string, want []string) (sound bool) {
	t.Helper()
	got, err := tryRead(t.Context(), path)
	if isDamage(err) || errors.Is(err, service.ErrEmpty) {
		return false
	}
	if err != nil {
		t.Errorf("read: %v, want %v", err, service.ErrDamaged)
		return false
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("read without an error (-written +read):\n%s", diff)
	}
	return true
}

// goesOn opens a damaged history, records a sample and looks where that went: into the file as it
// was or, when that was moved aside unchanged, into a new one.
func goesOn(t *testing.T, path string, want []string) (moved bool) {
	t.Helper()
	before := take(t, path)
	w := open(t, path)
	moved = w.Status().Quarantines > 0
	s, err := w.Series("after", "spectrum", nil)
	must(t, err)
	must(t, w.Write(t.Context(), service.Sample{Series: s, Time: time.Now(), Value: 7}))
	moved = moved || w.Status().Quarantines > 0
	must(t, w.Close(t.Context()))
	if got := filetest.Int(t, path, "SELECT count(*) FROM "+filetest.RawSamples+
		" JOIN series ON id = series_id WHERE metric_name = 'after'"); got != 1 {
		t.Errorf("%d samples in the file that recording went on in, want 1", got)
	}
	must(t, filetest.Check(path))
	files, err := service.Quarantined(path)
	must(t, err)
	if !moved {
		if len(files) > 0 {
			t.Errorf("there are %v, and the writer says of none", files)
		}
		var rest []string
		for _, line := range read(t, path) {
			if !strings.Contains(line, "after") {
				rest = append(rest, line)
			}
		}
		if diff := cmp.Diff(want, rest); diff != "" {
			t.Errorf("recording went on in the file, which says (-written +read):\n%s", diff)
		}
		return false
	}
	if len(files) != 1 {
		t.Fatalf("quarantined files %v, want one", files)
	}
	for _, suffix := range []string{"", "-wal"} {
		got, _ := os.ReadFile(files[0] + suffix)
		if string(got) != string(before[suffix]) {
			t.Errorf("%s%s has %d bytes that are not the %d of the damaged one", files[0], suffix, len(got),
				len(before[suffix]))
		}
	}
	return true
}

// logged keeps what is logged at a level and above.
type logged struct {
	slog.Handler
	mu    sync.Mutex
	lines []string
}

func newLogged() (*logged, *slog.Logger) {
	l := &logged{Handler: slog.DiscardHandler}
	return l, slog.New(l)
}

func (l *logged) Enabled(_ context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn
}
func (l *logged) WithAttrs([]slog.Attr) slog.Handler { return l }

func (l *logged) Handle(_ context.Context, r slog.Record) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, r.Level.String()+" "+r.Message)
	return nil
}

// saw fails the test unless what was logged are lines with these texts in them, in their order, and
// nothing else.
func (l *logged) saw(t *testing.T, texts ...string) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	if !slices.EqualFunc(l.lines, texts, strings.Contains) {
		t.Errorf("logged:\n%s\nwant lines with %q", strings.Join(l.lines, "\n"), texts)
	}
}
