package push

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
)

// recordings are kept beside the repository, not in it.
var recordings = filepath.Join("..", "..", "..", "shared", "data")

// recording reads a recording, moved in time by whole hours so that it ends at a moment or within
// the hour before it.
func recording(t *testing.T, file string, until time.Time) []measurement {
	t.Helper()
	path := filepath.Join(recordings, file)
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
	lines, err := csv.NewReader(text).ReadAll()
	if err != nil && !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
	var list []measurement
	for _, line := range lines[1:] { // timestamp_ms,wan,metric,labels_json,value
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
		list = append(list, m)
	}
	last := list[len(list)-1].at
	for _, m := range list {
		if m.at.After(last) {
			last = m.at
		}
	}
	move := until.Sub(last).Truncate(time.Hour)
	for i := range list {
		list[i].at = list[i].at.Add(move)
	}
	return list
}

// withStates adds states of round-trip times, since the recordings have none: below 30 ms GREEN,
// below 40 ms YELLOW, below 60 ms SOFT_RED, else RED.
func withStates(list []measurement) []measurement {
	var states []measurement
	for _, m := range list {
		if m.metric != service.RTT {
			continue
		}
		value := 3.0
		for i, limit := range []float64{30, 40, 60} {
			if m.value < limit {
				value = float64(i)
				break
			}
		}
		states = append(states, measurement{m.at, service.State, m.wan,
			service.Labels{"derived": "rtt"}, value})
	}
	return append(list, states...)
}
