package golden

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/internal/quantile"
	"github.com/wanstore/wanstore/service"
)

// machine runs the commands of one file.
type machine struct {
	t       *testing.T
	path    string
	now     time.Time
	asked   []float64 // quantiles, by the question under way
	config  service.Config
	metrics []service.Metric
	writer  *service.Writer // nil until a command needs it
}

func newMachine(t *testing.T) *machine {
	t.Helper()
	path := filetest.Path(t)
	m := &machine{t: t, path: path, config: service.Config{DBPath: path}}
	t.Cleanup(func() {
		if err := m.close(); err != nil {
			t.Error(err)
		}
	})
	return m
}

// run answers a command. Its error says that the block makes no sense; what the service refuses is
// an answer.
func (m *machine) run(b block) ([]string, error) {
	word, rest, _ := strings.Cut(b.command, " ")
	switch word {
	case "metric":
		m.declare(rest)
		return nil, nil
	case "config":
		return nil, m.configure(rest)
	case "clock":
		return nil, m.setClock(rest)
	case "load":
		return m.load(b.input, m.write)
	case "record":
		return m.load(b.input, m.record)
	case "maintain":
		return m.maintain()
	case "reopen":
		return m.reopen(rest)
	case "query":
		return m.ask(b, m.query)
	case "summary":
		return m.ask(b, m.summary)
	case "latest":
		return m.ask(b, m.latest)
	case "status":
		return m.status()
	case "view":
		return m.view(strings.Join(b.input, "\n"))
	}
	return nil, errors.New("no such command")
}

func (m *machine) declare(text string) {
	name, rest, _ := strings.Cut(text, " ")
	aggregation, plain, _ := strings.Cut(rest, " ")
	m.metrics = append(m.metrics, service.Metric{
		Name: name, Aggregation: service.Aggregation(aggregation), NoPercentiles: plain == "plain",
	})
}

func (m *machine) configure(text string) error {
	ages := map[string]*time.Duration{
		"raw": &m.config.KeepRaw, "1m": &m.config.Keep1m, "5m": &m.config.Keep5m,
		"grace": &m.config.Grace,
	}
	for word := range strings.FieldsSeq(text) {
		key, value, _ := strings.Cut(word, "=")
		d, err := parseDuration(value)
		if err != nil {
			return err
		}
		switch {
		case key == "retention":
			m.config.RetentionDays = service.Days(d / (24 * time.Hour))
		case ages[key] != nil:
			*ages[key] = d
		default:
			return fmt.Errorf("no setting %q", key)
		}
	}
	return nil
}

func (m *machine) setClock(text string) error {
	if strings.HasPrefix(text, "+") {
		text = "now" + text
	}
	now, err := parseTime(text, m.now)
	if err == nil && now.Before(m.now) {
		err = errors.New("the clock would go back")
	}
	m.now = now
	return err
}

// open opens the file, if it is not open. The clock that the writer sees stands still while a
// command runs.
func (m *machine) open() (*service.Writer, error) {
	if m.writer != nil {
		return m.writer, nil
	}
	if m.now.IsZero() {
		return nil, errors.New("set the clock first")
	}
	w, err := service.OpenWriter(m.t.Context(), m.config, service.Options{
		Logger:        slog.New(slog.DiscardHandler),
		Metrics:       m.metrics,
		Now:           func() time.Time { return m.now },
		TrustClock:    true,
		NoMaintenance: true,
	})
	m.writer = w
	return w, err
}

func (m *machine) close() error {
	if m.writer == nil {
		return nil
	}
	w := m.writer
	m.writer = nil
	return w.Close(context.WithoutCancel(m.t.Context()))
}

func (m *machine) reopen(text string) ([]string, error) {
	if err := m.close(); err != nil {
		return nil, err
	}
	m.config = service.Config{DBPath: m.path}
	if err := m.configure(text); err != nil {
		return nil, err
	}
	if _, err := m.open(); err != nil {
		return m.refusal(err), nil
	}
	return nil, nil
}

// refusal shows an error of the service.
func (m *machine) refusal(err error) []string {
	return strings.Split(strings.ReplaceAll("error: "+err.Error(), m.path, "FILE"), "\n")
}

// load writes the samples of some series and says what became of them.
func (m *machine) load(
	lines []string, write func(*service.Writer, []service.Sample) error,
) ([]string, error) {
	w, err := m.open()
	if err != nil {
		return nil, err
	}
	var samples []service.Sample
	for _, line := range lines {
		one, err := m.samples(w, line)
		if errors.Is(err, service.ErrName) {
			return m.refusal(err), nil
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", line, err)
		}
		samples = append(samples, one...)
	}
	before := w.Status()
	err = write(w, samples)
	answer := showCounts(before, w.Status())
	if err != nil {
		answer = append(answer, m.refusal(err)...)
	}
	return answer, nil
}

// samples reads a line: SERIES START STEP VALUE...
func (m *machine) samples(w *service.Writer, line string) ([]service.Sample, error) {
	key, rest, err := parseSelector(line)
	if err != nil {
		return nil, err
	}
	words := strings.Fields(rest)
	if len(key.names) != 1 || len(words) < 3 {
		return nil, errors.New("want SERIES START STEP VALUE")
	}
	series, err := w.Series(key.names[0], key.wan, key.labels)
	if err != nil {
		return nil, err
	}
	at, err := parseTime(words[0], m.now)
	if err != nil {
		return nil, err
	}
	step, err := parseDuration(words[1])
	if err != nil {
		return nil, err
	}
	values, err := parseValues(words[2:])
	if err != nil {
		return nil, err
	}
	var samples []service.Sample
	for _, value := range values {
		if value != nil {
			samples = append(samples, service.Sample{Series: series, Time: at, Value: *value})
		}
		at = at.Add(step)
	}
	return samples, nil
}

func (m *machine) write(w *service.Writer, samples []service.Sample) error {
	return w.Write(m.t.Context(), samples...)
}

func (m *machine) record(w *service.Writer, samples []service.Sample) error {
	w.Record(samples...)
	return w.Flush(m.t.Context())
}

func (m *machine) maintain() ([]string, error) {
	w, err := m.open()
	if err != nil {
		return nil, err
	}
	report, err := w.Maintain(m.t.Context())
	if err != nil {
		return m.refusal(err), nil
	}
	return showReport(report), nil
}

// ask reads what to select and opens the file for reading.
func (m *machine) ask(
	b block, answer func(*service.History, service.Query) ([]string, error),
) ([]string, error) {
	if _, err := m.open(); err != nil {
		return nil, err
	}
	_, settings, _ := strings.Cut(b.command, " ")
	q, err := m.parseQuery(settings)
	if err != nil {
		return nil, err
	}
	s, rest, err := parseSelector(strings.Join(b.input, " "))
	if err != nil || rest != "" {
		return nil, fmt.Errorf("selector %q: %w", b.input, err)
	}
	q.Filter = service.Filter{Metrics: s.names, WAN: s.wan, Labels: s.labels}
	h, err := service.OpenHistory(m.t.Context(), m.path)
	if err != nil {
		return m.refusal(err), nil
	}
	lines, err := answer(h, q)
	if err != nil {
		lines = append(lines, m.refusal(err)...)
	}
	return lines, h.Close()
}

func (m *machine) parseQuery(text string) (q service.Query, err error) {
	q.From, q.Until = time.UnixMicro(0), m.now.Add(24*time.Hour)
	m.asked = nil
	for word := range strings.FieldsSeq(text) {
		key, value, _ := strings.Cut(word, "=")
		switch key {
		case "from":
			q.From, err = parseTime(value, m.now)
		case "until":
			q.Until, err = parseTime(value, m.now)
		case "step":
			q.Step, err = parseDuration(value)
		case "zone":
			q.Zone, err = time.LoadLocation(value)
		case "only":
			var g service.Granularity
			g, err = service.ParseGranularity(value)
			q.Only = &g
		case "quantiles":
			m.asked, err = quantile.Parse(value)
			q.Quantiles = true
		default:
			err = fmt.Errorf("no setting %s", strconv.Quote(key))
		}
		if err != nil {
			return q, err
		}
	}
	return q, nil
}

func (m *machine) query(h *service.History, q service.Query) ([]string, error) {
	var points []service.Point
	for point, err := range h.Range(m.t.Context(), q) {
		if err != nil {
			return nil, err
		}
		points = append(points, point)
	}
	return showPoints(points, q.Step > 0, m.asked), nil
}

func (m *machine) summary(h *service.History, q service.Query) ([]string, error) {
	list, err := h.Summarize(m.t.Context(), q)
	if err != nil {
		return nil, err
	}
	return showSummaries(list, q.Step > 0, m.asked), nil
}

func (m *machine) latest(h *service.History, q service.Query) ([]string, error) {
	points, err := h.Latest(m.t.Context(), q.Filter)
	if err != nil {
		return nil, err
	}
	return showPoints(points, false, nil), nil
}

func (m *machine) status() ([]string, error) {
	return m.ask(block{}, func(h *service.History, _ service.Query) ([]string, error) {
		status, err := h.Status(m.t.Context())
		if err != nil {
			return nil, err
		}
		return showStatus(status), nil
	})
}

// view shows what another program sees that opens the file.
func (m *machine) view(query string) ([]string, error) {
	if _, err := m.open(); err != nil {
		return nil, err
	}
	rows, err := filetest.Rows(m.path, query)
	return showRows(rows), err
}
