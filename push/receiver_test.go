package push

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/klauspost/compress/snappy"
	"github.com/prometheus/prometheus/prompb"
)

// receiver is one that keeps what it is sent in memory for a while, as VictoriaMetrics does: when
// it is killed, that is lost. It keeps the greater one of two values of a moment. It is a
// RoundTripper as well, so that tests in a bubble need no sockets.
type receiver struct {
	mu     sync.Mutex
	disk   stored
	memory []delivered
	down   bool
	posts  int
	// refuse says what to answer in place of taking a POST; zero values take it.
	refuse func(prompb.WriteRequest) (status int, words string, header http.Header)
	forget func(series string, ts int64) bool // what is acknowledged and not kept
	ended  func()                             // is called when a connection ends
	closed bool                               // ranges have their beginning, as in Prometheus 2
	asked  []string                           // queries
	hidden time.Duration                      // how long queries do not see what it has taken
	limit  string                             // why it answers no query but whether it is there
	// unasked says what to answer in place of an answer to a query; zero values answer it.
	unasked func() (status int, words string)
}

// stored has values by series and moment.
type stored map[string]map[int64]float64

type delivered struct {
	at      time.Time
	request prompb.WriteRequest
}

// memoryAge is how long what a receiver is sent is in its memory only.
const memoryAge = 10 * time.Second

var errDown = errors.New("connection refused")

func (r *receiver) RoundTrip(request *http.Request) (*http.Response, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := request.Context().Err(); err != nil {
		return nil, err
	}
	if r.down {
		return nil, errDown
	}
	body, err := io.ReadAll(request.Body)
	if err != nil {
		return nil, err
	}
	if strings.HasSuffix(request.URL.Path, "/query") {
		return r.query(body)
	}
	r.posts++
	plain, err := snappy.Decode(nil, body)
	if err != nil {
		return respond(http.StatusBadRequest, err.Error(), nil), nil
	}
	var sent prompb.WriteRequest
	if err := sent.Unmarshal(plain); err != nil {
		return respond(http.StatusBadRequest, err.Error(), nil), nil
	}
	if r.refuse != nil {
		if status, words, header := r.refuse(sent); status != 0 {
			return respond(status, words, header), nil
		}
	}
	r.flush(time.Now().Add(-memoryAge))
	r.memory = append(r.memory, delivered{time.Now(), sent})
	return respond(http.StatusNoContent, "", nil), nil
}

func respond(status int, words string, header http.Header) *http.Response {
	if header == nil {
		header = http.Header{}
	}
	return &http.Response{
		StatusCode: status, Status: fmt.Sprintf("%d %s", status, http.StatusText(status)),
		Header: header, Body: io.NopCloser(strings.NewReader(words)),
	}
}

// flush puts what came before a moment on the disk.
func (r *receiver) flush(before time.Time) {
	for len(r.memory) > 0 && r.memory[0].at.Before(before) {
		r.take(r.disk, r.memory[0].request)
		r.memory = r.memory[1:]
	}
}

func (r *receiver) take(s stored, request prompb.WriteRequest) {
	for _, series := range request.Timeseries {
		name := seriesName(series.Labels)
		if s[name] == nil {
			s[name] = map[int64]float64{}
		}
		for _, one := range series.Samples {
			if r.forget != nil && r.forget(name, one.Timestamp) {
				continue
			}
			if had, ok := s[name][one.Timestamp]; !ok || one.Value > had {
				s[name][one.Timestamp] = one.Value
			}
		}
	}
}

// seriesName is a series as PromQL writes it.
func seriesName(labels []prompb.Label) string {
	var name string
	var others []string
	for _, l := range labels {
		if l.Name == nameLabel {
			name = l.Value
			continue
		}
		others = append(others, l.Name+"="+strconv.Quote(l.Value))
	}
	return name + "{" + strings.Join(others, ",") + "}"
}

// kill loses what is in memory, and nothing answers until it is started again.
func (r *receiver) kill() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.flush(time.Now().Add(-memoryAge))
	r.memory, r.down = nil, true
	if r.ended != nil {
		r.ended()
	}
}

func (r *receiver) start() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.down = false
}

// copy returns what would be restored from a copy of the disk of now.
func (r *receiver) copy() stored {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.all()
}

// restore goes back to a copy.
func (r *receiver) restore(to stored) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.disk, r.memory = to, nil
}

// all is what there is, in memory too.
func (r *receiver) all() stored {
	all := stored{}
	for name, values := range r.disk {
		all[name] = maps.Clone(values)
	}
	for _, one := range r.memory {
		r.take(all, one.request)
	}
	return all
}

// shown is what queries see.
func (r *receiver) shown() stored {
	memory := r.memory
	defer func() { r.memory = memory }()
	r.memory = slices.Clone(memory)
	r.memory = slices.DeleteFunc(r.memory, func(one delivered) bool {
		return time.Since(one.at) < r.hidden
	})
	return r.all()
}

var countQuery = regexp.MustCompile(`^count_over_time\(([a-zA-Z_0-9:]+)\{(.*)\}\[([0-9]+)ms\]\)$`)

// query answers what an audit asks.
func (r *receiver) query(body []byte) (*http.Response, error) {
	request, err := http.NewRequest(http.MethodPost, "http://x/", bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	query := request.FormValue("query")
	if r.unasked != nil {
		if status, words := r.unasked(); status != 0 {
			return respond(status, words, nil), nil
		}
	}
	if query == "vector(1)" {
		const one = `{"status":"success","data":{"resultType":"vector","result":[{"metric":{},` +
			`"value":[1,"1"]}]}}`
		return respond(http.StatusOK, one, nil), nil
	}
	r.asked = append(r.asked, query)
	if r.limit != "" {
		return respond(http.StatusUnprocessableEntity, r.limit, nil), nil
	}
	parts := countQuery.FindStringSubmatch(query)
	at, err := strconv.ParseFloat(request.FormValue("time"), 64)
	if parts == nil || err != nil {
		//nolint:nilerr // the answer tells
		return respond(http.StatusUnprocessableEntity, "bad query "+query, nil), nil
	}
	width, _ := strconv.ParseInt(parts[3], 10, 64)
	until := int64(at*1000 + 0.5)
	var list []counted
	for name, values := range r.shown() {
		of, labels, _ := strings.Cut(strings.TrimSuffix(name, "}"), "{")
		metric := parseLabels(labels)
		if of != parts[1] || !matches(metric, parseLabels(parts[2])) {
			continue
		}
		n := 0
		for ts := range values {
			if (ts > until-width || r.closed && ts == until-width) && ts <= until {
				n++
			}
		}
		if n > 0 {
			list = append(list, counted{metric, [2]any{at, strconv.Itoa(n)}})
		}
	}
	answer, err := json.Marshal(map[string]any{"status": "success",
		"data": map[string]any{"resultType": "vector", "result": list}})
	return respond(http.StatusOK, string(answer), nil), err
}

var oneLabel = regexp.MustCompile(`([a-zA-Z_0-9]+)=("(?:[^"\\]|\\.)*")`)

func parseLabels(text string) map[string]string {
	labels := map[string]string{}
	for _, part := range oneLabel.FindAllStringSubmatch(text, -1) {
		labels[part[1]], _ = strconv.Unquote(part[2])
	}
	return labels
}

func matches(labels, wanted map[string]string) bool {
	for name, value := range wanted {
		if labels[name] != value {
			return false
		}
	}
	return true
}

// names lists what there is, in order.
func (s stored) names() []string { return slices.Sorted(maps.Keys(s)) }
