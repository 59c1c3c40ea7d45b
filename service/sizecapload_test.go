package service_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/service"
)

// capLoad is what is recorded under a size cap.
type capLoad struct {
	limit    service.Bytes
	averages int           // series of measurements
	states   int           // series of states
	distinct int           // how many states there are
	step     time.Duration // between two moments
	batch    int           // samples of a Write
	late     int           // of a hundred batches so many are of the past
	passes   int           // after so many of a hundred batches there is a pass of maintenance
	rows     int           // samples once the file is full
}

func (l capLoad) String() string {
	return fmt.Sprintf("%s, %d series and %d of %d states each %s, %d a batch, %d %% late, %d %% "+
		"maintained",
		l.limit, l.averages, l.states, l.distinct, l.step, l.batch, l.late, l.passes)
}

func drawCapLoad(r *rand.Rand) capLoad {
	pick := func(list ...int) int { return list[r.IntN(len(list))] }
	batch := pick(100, 1000, 5000)
	return capLoad{
		limit:    service.Bytes(4+min(r.IntN(13), r.IntN(13), r.IntN(13))) << 20,
		averages: pick(1, 7, 50, 200),
		states:   pick(0, 1, 3, 20),
		distinct: pick(2, 50, 2000, 100_000),
		step:     time.Duration(pick(1, 50, 1000, 10_000, 60_000, 300_000)) * time.Millisecond,
		batch:    batch,
		late:     pick(0, 0, 5),
		passes:   pick(0, 1, 10),
		rows:     2000 + 4*batch,
	}
}

// Whatever is recorded, the cap holds or health says that it does not, and nothing is lost but the
// oldest hours.
func TestSizeCapOfAnyLoad(t *testing.T) {
	r := filetest.Random(t)
	for range 3 {
		load := drawCapLoad(r)
		t.Run(load.String(), func(t *testing.T) { newCapped(t, load, r).run() })
	}
}

// Loads that a count of series and buckets does not describe: the cap holds, and health has nothing
// to say.
func TestSizeCapOfOddLoads(t *testing.T) {
	for _, load := range []capLoad{
		// Buckets of thousands of states.
		{limit: 4 << 20, averages: 1, states: 5, distinct: 100_000, step: time.Second, batch: 1000,
			passes: 1, rows: 10_000},
		// Next to nothing in a bucket.
		{limit: 4 << 20, averages: 7, distinct: 50, step: time.Hour, batch: 1000, rows: 10_000},
	} {
		t.Run(load.String(), func(t *testing.T) {
			c := newCapped(t, load, rand.New(rand.NewPCG(1, 1)))
			c.run()
			if c.said > 0 {
				t.Errorf("health said %d times that the cap does not hold", c.said)
			}
		})
	}
}

// Where an hour has more states than there is room for, recording goes on, and health says so.
func TestSizeCapOfMoreStatesThanFit(t *testing.T) {
	load := capLoad{limit: 4 << 20, averages: 1, states: 20, distinct: 100_000,
		step: 50 * time.Millisecond, batch: 1000, rows: 30_000}
	c := newCapped(t, load, rand.New(rand.NewPCG(1, 1)))
	c.run()
	if c.said == 0 {
		t.Error("health never said that the cap does not hold")
	}
}

// capped is a writer under a size cap, and what it has been given.
type capped struct {
	capLoad
	t      *testing.T
	r      *rand.Rand
	path   string
	w      *service.Writer
	series []*service.Series
	begin  time.Time
	clock  atomic.Int64      // microseconds after begin; the writer looks at it, too
	next   int               // samples recorded on time
	known  map[[2]int64]bool // series and moment of each sample

	largest int64 // bytes of file and WAL
	unsaid  int64 // the same, while health does not say that the cap has not held
	said    int   // how often health did
}

func (c *capped) now() time.Time {
	return c.begin.Add(time.Duration(c.clock.Load()) * time.Microsecond)
}

func newCapped(t *testing.T, load capLoad, r *rand.Rand) *capped {
	t.Helper()
	begin := time.Date(2026, 1, 1, 0, 0, 30, 0, time.UTC)
	c := &capped{capLoad: load, t: t, r: r, path: filetest.Path(t), begin: begin,
		known: map[[2]int64]bool{}}
	options := quiet()
	options.TrustClock = true
	options.Now = c.now
	const year = 365 * 24 * time.Hour
	c.w = open(t,
		service.Config{DBPath: c.path, MaxSize: load.limit, RetentionDays: 365, KeepRaw: year,
			Keep1m: year, Keep5m: year},
		options)
	for i := range load.averages {
		c.series = append(c.series, series(t, c.w, service.RTT, fmt.Sprint("wan", i), nil))
	}
	for i := range load.states {
		c.series = append(c.series, series(t, c.w, service.State, fmt.Sprint("wan", i), nil))
	}
	return c
}

func (c *capped) run() {
	c.t.Helper()
	for c.w.Status().Trimmed[service.Raw] == 0 && c.said == 0 {
		c.write(c.batchOnTime())
	}
	begun, full := time.Now(), len(c.known)
	for len(c.known) < full+c.rows {
		if c.r.IntN(100) < c.late {
			c.writePast(c.batchOfThePast())
		}
		c.write(c.batchOnTime())
		if c.r.IntN(100) < c.passes {
			maintain(c.t, c.w)
			c.measure()
		}
	}
	percent := func(bytes int64) float64 { return 100 * float64(bytes) / float64(c.limit) }
	c.t.Logf("%.0f samples/s; at most %.1f %% of the cap, %.1f %% unsaid; trimmed %v",
		float64(c.rows)/time.Since(begun).Seconds(),
		percent(c.largest), percent(c.unsaid), c.w.Status().Trimmed)
	c.check()
}

// batchOnTime goes on in time, series by series.
func (c *capped) batchOnTime() []service.Sample {
	samples := make([]service.Sample, 0, c.batch)
	for range c.batch {
		samples = append(samples, c.sample(c.next%len(c.series), c.now()))
		if c.next++; c.next%len(c.series) == 0 {
			c.clock.Add(c.step.Microseconds())
		}
	}
	return samples
}

// batchOfThePast is spread over all of the history.
func (c *capped) batchOfThePast() []service.Sample {
	from := time.UnixMicro(max(c.floor(), c.begin.UnixMicro()))
	past := int64(c.now().Sub(from) / time.Microsecond)
	var samples []service.Sample
	for i := range min(c.batch, 1000) {
		if past <= 0 {
			break
		}
		at := from.Add(time.Duration(c.r.Int64N(past)) * time.Microsecond)
		if !c.known[[2]int64{int64(i % len(c.series)), at.UnixMicro()}] {
			samples = append(samples, c.sample(i%len(c.series), at))
		}
	}
	return samples
}

// sample has a value of many digits, which takes the room that a sample may take.
func (c *capped) sample(i int, at time.Time) service.Sample {
	c.known[[2]int64{int64(i), at.UnixMicro()}] = true
	return service.Sample{Series: c.series[i], Time: at, Value: float64(c.r.IntN(c.distinct)) / 3}
}

func (c *capped) floor() int64 {
	return filetest.Int(c.t, c.path, "SELECT floor FROM tiers WHERE granularity = '1h'")
}

func (c *capped) write(samples []service.Sample) {
	c.t.Helper()
	write(c.t, c.w, samples...)
	c.measure()
}

// writePast writes samples of the past. The transaction makes room for itself, which may give up
// the oldest hours, and the samples that lie in these are refused then. The check knows which.
func (c *capped) writePast(samples []service.Sample) {
	c.t.Helper()
	err := c.w.Write(c.t.Context(), samples...)
	if err != nil && !errors.Is(err, service.ErrTooOld) {
		c.t.Fatal(err)
	}
	c.measure()
}

// measure compares the size with what health says.
func (c *capped) measure() {
	size := onDisk(c.path)
	c.largest = max(c.largest, size)
	if slices.ContainsFunc(c.w.Health(),
		func(p service.Problem) bool { return p.Reason == service.SizeCap }) {
		c.said++
		return
	}
	c.unsaid = max(c.unsaid, size)
}

// check fails the test unless the size has held, and every sample is there that is not older than
// the floor of the last tier.
func (c *capped) check() {
	c.t.Helper()
	if c.unsaid > int64(c.limit)*105/100 {
		c.t.Errorf("file and WAL had %d bytes, and health did not say so: want no more than 1.05 times "+
			"%d", c.unsaid, c.limit)
	}
	closeHurriedly(c.t, c.w)
	floor, want := c.floor(), int64(0)
	for sample := range c.known {
		if sample[1] >= floor {
			want++
		}
	}
	if got := filetest.Int(c.t, c.path, "SELECT sum(count) FROM metrics"); got != want {
		c.t.Errorf("the history has %d samples, want %d", got, want)
	}
}
