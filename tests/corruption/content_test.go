package corruption

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/service"
)

// verdict is what became of a damaged history.
type verdict struct {
	sound pages     // of the file as it was
	now   time.Time // of the recorder: nothing more is due than when the history was made

	harmless int // all rows are read as they were
	leftOut  int // rows are left out
	refused  int // it is not read at all
	moved    int // it was moved aside when it was opened to record
	foreign  int // nobody records in it: its schema is another one
	// rows that were left out, or could not be read, are there when it has been recorded in
	mended int
}

func (v *verdict) String() string {
	return fmt.Sprintf("harmless %d, rows left out %d, not read %d; moved aside %d, mended %d, "+
		"foreign %d",
		v.harmless, v.leftOut, v.refused, v.moved, v.mended, v.foreign)
}

// content is what a damaged history says.
type content struct {
	err     error
	lines   []string
	told    []string
	missing int // lines that it should have
}

// readContent reads everything, and compares it with what was written.
func readContent(t *testing.T, path string, want []string) (c content) {
	t.Helper()
	if c.lines, c.told, c.err = readAndTell(t.Context(), path); c.err != nil {
		if !isDamage(c.err) && !errors.Is(c.err, service.ErrEmpty) && !isOther(c.err) {
			t.Errorf("read: %v, want %v", c.err, service.ErrDamaged)
		}
		return c
	}
	var never []string
	never, c.missing = compare(c.lines, want)
	if len(never) > 0 {
		t.Errorf("read what was never written: %q", never)
	}
	return c
}

// compare returns the lines that were never written, or not so often, and counts those that are
// missing. The newest samples may be older ones.
func compare(lines, want []string) (never []string, missing int) {
	written := map[string]int{}
	for _, line := range want {
		written[line]++
	}
	for _, line := range lines {
		if written[line]--; written[line] < 0 && !strings.HasPrefix(line, "latest") &&
			!strings.Contains(line, "after") {
			never = append(never, line)
		}
	}
	for line, times := range written {
		if times > 0 && !strings.HasPrefix(line, "latest") {
			missing += times
		}
	}
	return never, missing
}

// readAndTell reads a history, and returns what is told of damage.
func readAndTell(ctx context.Context, path string) (lines, told []string, err error) {
	if lines, err = tryRead(ctx, path); err != nil {
		return nil, nil, err
	}
	h, err := service.OpenHistory(ctx, path)
	if err != nil {
		return nil, nil, err
	}
	defer func() { err = errors.Join(err, h.Close()) }()
	status, err := h.Status(ctx)
	if err != nil {
		return nil, nil, err
	}
	for _, one := range status.Unsound {
		told = append(told, one.String())
	}
	if status.Check != "ok" {
		told = append(told, status.Check)
	}
	return lines, told, nil
}

// judge reads a damaged history, records in it, and reads it again.
func judge(t *testing.T, v *verdict, damaged set, want []string) {
	t.Helper()
	path := damaged.put(t)
	// where SQLite does not find rows any more, more than a page may be missing
	broken := filetest.Check(path)
	c := readContent(t, path, want)
	switch {
	case c.err != nil:
		v.refused++
	case c.missing == 0:
		v.harmless++
	case len(c.told) == 0:
		t.Errorf("%d points are missing, and nobody says so", c.missing)
	case c.missing > v.sound.points(damaged[""]) && broken == nil:
		t.Errorf("%d points are missing, where %d were on the damaged pages: %q", c.missing,
			v.sound.points(damaged[""]), c.told)
	default:
		v.leftOut++
	}
	w := openDamaged(t, path, v.now)
	if w == nil {
		v.foreign++
		return
	}
	s, err := w.Series("after", "spectrum", nil)
	must(t, err)
	goOn(t, func() error {
		return w.Write(t.Context(), service.Sample{Series: s, Time: v.now, Value: 7})
	})
	goOn(t, func() error {
		_, err := w.Maintain(t.Context())
		return err
	})
	if w.Status().Quarantines > 0 {
		v.moved++
		must(t, w.Close(t.Context()))
		return
	}
	health := w.Health()
	must(t, w.Close(t.Context()))
	lines, err := tryRead(t.Context(), path)
	if err != nil {
		t.Errorf("read after recording: %v", err)
	}
	never, missing := compare(lines, want)
	if len(never) > 0 {
		t.Errorf("read after recording what was never written: %q (SQLite says %v)", never, broken)
	}
	if missing > 0 && len(health) == 0 {
		t.Errorf("%d points are missing after recording, and health says nothing", missing)
	}
	if missing < c.missing || c.err != nil && missing == 0 {
		v.mended++
	}
}

// goOn tries again: damage that is met is looked for again before a file is moved aside.
func goOn(t *testing.T, do func() error) {
	t.Helper()
	err := do()
	for range 2 {
		if err == nil || !isDamage(err) {
			break
		}
		err = do()
	}
	must(t, err)
}

// isOther says that a file has another schema: of what its schema says nothing is known to be
// damaged.
func isOther(err error) bool {
	return errors.Is(err, service.ErrForeign) || errors.Is(err, service.ErrTooNew) ||
		errors.Is(err, service.ErrIncomplete)
}

// openDamaged opens a damaged history to record, unless that is refused.
func openDamaged(t *testing.T, path string, now time.Time) *service.Writer {
	t.Helper()
	w, err := service.OpenWriter(t.Context(), service.Config{DBPath: path, KeepRaw: time.Hour},
		service.Options{
			Logger: slog.New(slog.DiscardHandler), NoMaintenance: true, Now: func() time.Time { return now },
		})
	if isOther(err) {
		return nil
	}
	must(t, err)
	return w
}

// small is closed with few samples.
func small(t *testing.T) (set, []string) {
	t.Helper()
	path := filetest.Path(t)
	w := open(t, path)
	series := manySeries(t, w)[:2]
	var samples []service.Sample
	for i := range 40 {
		for n, s := range series {
			at := begin.Add(time.Duration(i) * 3 * time.Minute)
			samples = append(samples,
				service.Sample{Series: s, Time: at, Value: float64((i * (n + 3)) % 17)},
				service.Sample{Series: s, Time: at.Add(time.Second), Value: float64(i % 3)})
		}
	}
	must(t, w.Write(t.Context(), samples...))
	maintain(t, w)
	must(t, w.Close(t.Context()))
	return take(t, path), read(t, path)
}
