package push

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/klauspost/compress/snappy"
	"github.com/prometheus/prometheus/prompb"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/service"
)

// perSite is how many series a receiver gets of each site: five of each metric, and a ratio of each
// state.
const perSite = 7*5 + 4

// A fleet of 10,000 sites drives one VictoriaMetrics: at its own pace, each site once a minute;
// then for some hours without a pause between minutes; then twice as many sites, and so on, until a
// minute of the fleet takes longer than a minute. WANSTORE_FLEET_HOURS says how many hours, and
// WANSTORE_FLEET_MOST how many sites there are at most. In the gate the fleet is a small one, for
// some minutes.
func TestFleet(t *testing.T) {
	fleet, most, paced, minutes, few := 100, 200, 0, 5, 1
	if filetest.Soak() {
		fleet, most, paced, few = 10_000, setting(t, "WANSTORE_FLEET_MOST", 160_000), 5, 3
		minutes = 60 * setting(t, "WANSTORE_FLEET_HOURS", 6)
	}
	r := start(t, victoriaMetrics, dedup)
	s := simulation{t: t, r: r, at: time.Now().Add(-40 * time.Hour).Truncate(time.Minute)}
	s.minute(fleet) // new series cost more than a sample does
	if paced > 0 {
		s.minutes(fleet, paced, true)
	}
	s.minutes(fleet, minutes-paced-1, false)
	s.disk()
	for sites := 2 * fleet; sites <= most; sites *= 2 {
		begun := time.Now()
		s.minute(sites)
		t.Logf("the first minute of %d sites takes %.0f s", sites, time.Since(begun).Seconds())
		if took := s.minutes(sites, few, false); took > time.Minute {
			t.Logf("%d sites are more than it can take here", sites)
			return
		}
	}
}

// minutes lets a fleet send some minutes, each begun when the last one is over or at its own pace,
// and logs what that costs the receiver.
func (s *simulation) minutes(sites, count int, paced bool) (each time.Duration) {
	s.t.Helper()
	before, begun, own := s.r.figures(), time.Now(), time.Duration(0)
	for range count {
		end := time.After(time.Minute)
		own += s.minute(sites)
		if paced {
			<-end
		}
	}
	each = time.Since(begun) / time.Duration(count)
	after := s.r.figures()
	const used = "process_cpu_seconds_total"
	cpu := (after[used] - before[used]) / float64(count)
	s.t.Logf("%d sites, %d series: %d minutes of theirs (at their own pace: %t) take %.2f s each; "+
		"the receiver uses %.2f s of CPU a minute, %.0f us a site, and has %.0f MB resident, %.1f KB a "+
		"site; the senders are busy for %.2f s", sites, sites*perSite, count, paced, each.Seconds(), cpu,
		1e6*cpu/float64(sites), after.resident()/1e6, after.resident()/1e3/float64(sites),
		own.Seconds()/float64(count))
	return each
}

func setting(t *testing.T, variable string, otherwise int) int {
	t.Helper()
	text := os.Getenv(variable)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("%s: %v", variable, err)
	}
	return n
}

// simulation sends what sites would.
type simulation struct {
	t    *testing.T
	r    *receiver
	at   time.Time    // of the next bucket of all
	sent int64        // samples
	wire atomic.Int64 // bytes of messages
}

// senders is how many sites send at once.
const senders = 8

// minute lets each site send a bucket, and returns the CPU time that making them takes.
func (s *simulation) minute(sites int) time.Duration {
	s.t.Helper()
	s.at = s.at.Add(time.Minute)
	var next, computed atomic.Int64
	var group sync.WaitGroup
	for range senders {
		group.Go(func() {
			template := newTemplate()
			pooled := &http.Client{Transport: &http.Transport{}}
			defer pooled.CloseIdleConnections()
			for {
				site := int(next.Add(1)) - 1
				if site >= sites {
					return
				}
				begun := time.Now()
				body := template.fill(site, s.at.UnixMilli()-1)
				computed.Add(int64(time.Since(begun)))
				s.wire.Add(int64(len(body)))
				if err := postBody(s.t.Context(), pooled, s.r.writeURL(), body); err != nil {
					s.t.Error(err)
					return
				}
			}
		})
	}
	group.Wait()
	s.sent += int64(sites * perSite)
	return time.Duration(computed.Load())
}

// disk logs what the data takes once it is merged.
func (s *simulation) disk() {
	s.t.Helper()
	s.r.settle()
	s.r.ask("/internal/force_merge", nil)
	merged := func() bool { return s.r.figures()[`vm_active_force_merges`] == 0 }
	if !within(30*time.Minute, merged) {
		s.t.Error("the data is not merged")
	}
	f := s.r.figures()
	data, index := 0.0, 0.0
	for name, value := range f {
		switch {
		case !strings.HasPrefix(name, "vm_data_size_bytes"):
		case strings.Contains(name, "indexdb"):
			index += value
		default:
			data += value
		}
	}
	bytesEach := data / float64(s.sent)
	s.t.Logf("a message has %.0f bytes on the wire, %.1f a sample: %.1f MB a site and day",
		float64(s.wire.Load())*perSite/float64(s.sent), float64(s.wire.Load())/float64(s.sent),
		float64(s.wire.Load())*perSite/float64(s.sent)*24*60/1e6)
	s.t.Logf("%d samples take %.0f MB, %.2f bytes each: %.0f KB a site and day; the index "+
		"takes %.0f MB", s.sent, data/1e6, bytesEach, bytesEach*perSite*24*60/1e3, index/1e6)
}

// template is a message of a site, in which the site, the moment and the values are replaced.
type template struct {
	request prompb.WriteRequest
	random  *rand.Rand
	sum     float64 // of the metric whose mean was drawn last
	plain   []byte
}

func newTemplate() *template {
	m := &template{random: rand.New(rand.NewPCG(rand.Uint64(), 0))}
	add := func(name, state string) {
		labels := []prompb.Label{{Name: "__name__", Value: name}, {Name: "site"}}
		if state != "" {
			labels = append(labels, prompb.Label{Name: "state", Value: state})
		}
		labels = append(labels, prompb.Label{Name: "wan", Value: "wan1"})
		m.request.Timeseries = append(m.request.Timeseries,
			prompb.TimeSeries{Labels: labels, Samples: []prompb.Sample{{}}})
	}
	for _, metric := range seven {
		for _, suffix := range []string{"", "_min", "_max", "_count", "_sum"} {
			add(metric+suffix, "")
		}
		if metric == service.State {
			for _, state := range stateNames {
				add(metric+"_ratio", state)
			}
		}
	}
	return m
}

// fill makes the message of a site. Its values are those of a minute at 1 Hz, measured to a
// thousandth.
func (m *template) fill(site int, ms int64) []byte {
	name := fmt.Sprintf("site-%06d.customer-%03d", site, site%500)
	for i := range m.request.Timeseries {
		series := &m.request.Timeseries[i]
		series.Labels[1].Value = name
		series.Samples[0] = prompb.Sample{Timestamp: ms, Value: m.value(series.Labels[0].Value)}
	}
	size := m.request.Size()
	if cap(m.plain) < size {
		m.plain = make([]byte, 2*size)
	}
	n, err := m.request.MarshalToSizedBuffer(m.plain[:size])
	if err != nil {
		panic(err)
	}
	return snappy.Encode(nil, m.plain[:n])
}

// value draws a value of a metric. The series of a metric come one after the other, its mean first.
func (m *template) value(metric string) float64 {
	const samples = 60
	thousandths := func(x float64) float64 { return math.Round(1e3*x) / 1e3 }
	switch {
	case strings.HasSuffix(metric, "_count"):
		return samples
	case strings.HasSuffix(metric, "_ratio"), metric == service.State:
		return float64(m.random.IntN(100) / 99)
	case strings.HasSuffix(metric, "_sum"):
		return m.sum
	case strings.HasSuffix(metric, "_min"), strings.HasSuffix(metric, "_max"):
		return thousandths(20 + 3*m.random.NormFloat64())
	}
	m.sum = thousandths(samples * (20 + m.random.NormFloat64()))
	return m.sum / samples
}

func postBody(ctx context.Context, c *http.Client, address string, body []byte) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Encoding", "snappy")
	response, err := c.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	_, err = io.Copy(io.Discard, response.Body)
	if err == nil && response.StatusCode != http.StatusNoContent {
		err = fmt.Errorf("%s", response.Status)
	}
	return err
}

// figures are what a receiver tells of itself, by name and labels.
type figures map[string]float64

func (f figures) resident() float64 { return f["process_resident_memory_bytes"] }

func (r *receiver) figures() figures {
	r.t.Helper()
	all := figures{}
	lines := bufio.NewScanner(bytes.NewReader(r.ask("/metrics", nil)))
	for lines.Scan() {
		if name, text, found := strings.Cut(lines.Text(), " "); found {
			if value, err := strconv.ParseFloat(text, 64); err == nil {
				all[name] = value
			}
		}
	}
	return all
}
