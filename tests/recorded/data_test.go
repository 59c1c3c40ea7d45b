package recorded

import (
	"bytes"
	"compress/gzip"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/wanstore/wanstore/service"
	"github.com/wanstore/wanstore/tests/internal/truth"
)

// recordings are kept beside the repository, not in it.
var recordings = filepath.Join("..", "..", "..", "shared", "data")

// measurement is a row of a recording.
type measurement struct {
	at          time.Time
	metric, wan string
	labels      service.Labels
	value       float64
}

func (m measurement) aggregation() service.Aggregation {
	if m.metric == service.State {
		return service.Mode
	}
	return service.Average
}

// read reads a recording by itself, not by the importer that is tested with it. The test is skipped
// where there is none.
func read(t *testing.T, file string) (path string, rows []measurement) {
	t.Helper()
	path = filepath.Join(recordings, file)
	compressed, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		t.Skipf("the recording %s is not there", path)
	}
	if err != nil {
		t.Fatal(err)
	}
	text, err := gzip.NewReader(bytes.NewReader(compressed))
	if err != nil {
		t.Fatal(err)
	}
	lines := csv.NewReader(text)
	if _, err := lines.Read(); err != nil { // the header
		t.Fatal(err)
	}
	for {
		line, err := lines.Read()
		if errors.Is(err, io.EOF) {
			return path, rows
		}
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, parse(t, line))
	}
}

// parse reads timestamp_ms,wan,metric,labels_json,value.
func parse(t *testing.T, line []string) measurement {
	t.Helper()
	m := measurement{wan: line[1], metric: line[2]}
	ms, err := strconv.ParseInt(line[0], 10, 64)
	if err == nil {
		err = json.Unmarshal([]byte(line[3]), &m.labels)
	}
	if err == nil {
		m.value, err = strconv.ParseFloat(line[4], 64)
	}
	if err != nil {
		t.Fatalf("%q: %v", line, err)
	}
	m.at = time.UnixMilli(ms)
	return m
}

// derivedStates makes up states for the round-trip times of a recording, which carries none: below
// 30 ms GREEN (0), below 40 ms YELLOW (1), below 60 ms SOFT_RED (2), else RED (3). No controller
// has ever said so; the label says that they are derived.
func derivedStates(rows []measurement) []measurement {
	var states []measurement
	for _, row := range rows {
		if row.metric != service.RTT {
			continue
		}
		state := 3.0
		for i, limit := range []float64{30, 40, 60} {
			if row.value < limit {
				state = float64(i)
				break
			}
		}
		states = append(states, measurement{
			at: row.at, wan: row.wan, metric: service.State, labels: service.Labels{"derived": "rtt"},
			value: state,
		})
	}
	return states
}

func truthOf(rows []measurement) *truth.Truth {
	all := truth.New()
	for _, row := range rows {
		all.Add(truth.SeriesOf(row.metric, row.wan, row.labels), row.aggregation(), row.at, row.value)
	}
	return all
}
