package push

import (
	"maps"
	"net/http"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/tests/internal/procs"
)

// BenchmarkSenders lets wanstore, Prometheus as an agent and vmagent send the same samples in
// turns, each in a process of its own, to a receiver that counts them and was away until each has
// its backlog. Samples a second count from the first message on, and the processor time from the
// moment on at which the receiver is back. "life" is that of the whole process: what Prometheus and
// vmagent forward they have been sent before, and vmagent packs it then.
func BenchmarkSenders(b *testing.B) {
	for _, c := range []struct {
		name    string
		minutes int
		away    time.Duration
	}{
		{"30 days", 30 * 24 * 60, 0},
		{"30 days, 20 ms away", 30 * 24 * 60, 20 * time.Millisecond},
		{"a minute", 1, 0},
	} {
		b.Run(c.name, func(b *testing.B) {
			until := closed()
			from := until.Add(-time.Duration(c.minutes) * time.Minute)
			list := lived(filetest.Random(b), from, until)
			l := load{want: wanted(list), db: filetest.Path(b)}
			record(b, l.db, list)
			l.inTurns(b, c.away)
		})
	}
}

// load is what each program sends: a history, or what is derived from it.
type load struct {
	want map[string]map[int64]float64
	db   string
}

// forwarder is a program that sends what it has.
type forwarder struct {
	name string
	zstd bool // as VictoriaMetrics packs messages
	// start makes the program ready to send a load to a counter.
	start func(b *testing.B, l load, c *counter) running
}

var forwarders = []forwarder{
	{"wanstore", false, startSender},
	{"prometheus", false, startAgent},
	{"vmagent", false, startVmagent},
	{"vmagent-zstd", true, startVmagent},
}

// sending is what the sending of a load has cost.
type sending struct {
	took, cpu, life time.Duration
	bytes           int64
	posts           int
	peak            float64 // MiB
}

func (l load) inTurns(b *testing.B, away time.Duration) {
	b.Helper()
	spent := make([]sending, len(forwarders))
	for b.Loop() {
		for i, f := range forwarders {
			one := l.measure(b, f, away)
			spent[i].took += one.took
			spent[i].cpu += one.cpu
			spent[i].life += one.life
			spent[i].bytes += one.bytes
			spent[i].posts += one.posts
			spent[i].peak = max(spent[i].peak, one.peak)
		}
	}
	samples := float64(b.N * size(l.want))
	for i, f := range forwarders {
		b.ReportMetric(samples/spent[i].took.Seconds(), f.name+"-samples/s")
		b.ReportMetric(1e6*spent[i].cpu.Seconds()/samples, f.name+"-cpu-s/Msample")
		b.ReportMetric(1e6*spent[i].life.Seconds()/samples, f.name+"-life-cpu-s/Msample")
		b.ReportMetric(float64(spent[i].bytes)/samples, f.name+"-bytes/sample")
		b.ReportMetric(samples/float64(spent[i].posts), f.name+"-samples/post")
		b.ReportMetric(spent[i].peak, f.name+"-MiB")
	}
	b.ReportMetric(0, "ns/op")
}

// measure lets a program send the load once.
func (l load) measure(b *testing.B, f forwarder, away time.Duration) sending {
	b.Helper()
	c := &counter{zstd: f.zstd, away: away, want: size(l.want)}
	count(b, c)
	running := f.start(b, l, c)
	defer running.end()
	before := time.Duration(0)
	if !running.fresh {
		before = procs.CPU(b, running.pid)
	}
	c.takes()
	select {
	case <-c.arrived:
	case <-time.After(10 * time.Minute):
		b.Fatalf("%s has sent %d of %d samples", f.name, c.samples, c.want)
	}
	life := procs.CPU(b, running.pid)
	s := sending{life: life, cpu: life - before, peak: procs.Peak(b, running.pid)}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.failed != nil || c.samples != c.want {
		b.Errorf("%s has sent %d of %d samples: %v", f.name, c.samples, c.want, c.failed)
	}
	s.took, s.bytes, s.posts = c.took, c.bytes, c.posts
	return s
}

// running is a program that sends.
type running struct {
	pid   int
	fresh bool // it has done nothing yet that is not sending
	end   func()
}

func startSender(b *testing.B, l load, c *counter) running {
	b.Helper()
	db := copied(b, l.db)
	c.takes() // the history is there before the sender is
	program := wanstore(b)
	s := run(b, db, func() *exec.Cmd {
		return exec.Command(program, "push", "--db", db, "--to", c.url, "--site", site,
			"--replay-rate", "1000000000")
	})
	return running{s.running.Process.Pid, true, s.kill}
}

func startAgent(b *testing.B, l load, c *counter) running {
	b.Helper()
	agent := prometheus("Prometheus's agent", "remote_write: [{url: '"+c.url+"'}]\n")
	flags := agent.flags
	agent.flags = func(address, data string) []string {
		list := slices.DeleteFunc(flags(address, data), func(flag string) bool {
			return strings.HasPrefix(flag, "--storage.tsdb")
		})
		return append(list, "--enable-feature=agent", "--storage.agent.path="+data)
	}
	return startForwarder(b, l, agent)
}

func startVmagent(b *testing.B, l load, c *counter) running {
	b.Helper()
	return startForwarder(b, l, kind{
		name: "vmagent",
		find: func(t testing.TB) string { t.Helper(); return built(t, buildVmagent) },
		flags: func(address, data string) []string {
			return []string{"-httpListenAddr=" + address, "-remoteWrite.tmpDataPath=" + data,
				"-remoteWrite.url=" + c.url, "-loggerLevel=ERROR"}
		},
		ready: "/health",
	})
}

// startForwarder starts a program that forwards what it is sent, and has it take a load, minute by
// minute, as if it measured it. The first minute is yet to come: Prometheus forwards nothing that
// is older than itself.
func startForwarder(b *testing.B, l load, k kind) running {
	b.Helper()
	r := start(b, k)
	pooled := &http.Client{Transport: &http.Transport{}}
	defer pooled.CloseIdleConnections()
	for _, body := range l.minutes(b, time.Now().Add(time.Minute)) {
		if err := postBody(b.Context(), pooled, r.writeURL(), body); err != nil {
			b.Fatal(err)
		}
	}
	return running{r.running.Process.Pid, false, r.kill}
}

// minutes returns a message of each minute of the load, the first of them at a moment.
func (l load) minutes(b *testing.B, first time.Time) (bodies [][]byte) {
	b.Helper()
	lines := map[int64][]line{}
	for _, series := range slices.Sorted(maps.Keys(l.want)) {
		labels := labelsOf(b, series)
		for ms, value := range l.want[series] {
			lines[ms] = append(lines[ms], line{labels, []point{{ms, value}}})
		}
	}
	minutes := slices.Sorted(maps.Keys(lines))
	later := first.UnixMilli() - minutes[0]
	for _, minute := range minutes {
		for _, l := range lines[minute] {
			l.points[0].ms += later
		}
		body, err := encode(lines[minute]...)
		if err != nil {
			b.Fatal(err)
		}
		bodies = append(bodies, body)
	}
	return bodies
}
