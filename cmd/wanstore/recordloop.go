package main

import (
	"context"
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/wanstore/wanstore/measure"
	"github.com/wanstore/wanstore/service"
)

// Range and precision of the overheads: 200 KB for as long as the loop runs.
const (
	longestOverhead = time.Minute
	overheadDigits  = 3
)

// lineSeries are the series of one line.
type lineSeries struct {
	rtt, baseline, delta, jitter, loss, state, download, upload *service.Series
}

// sensors are what a loop reads. None of them waits.
type sensors struct {
	replies  func([]measure.Reply) []measure.Reply
	outcomes func([]measure.Outcome) []measure.Outcome
	rates    func() (measure.Rate, bool, error)
}

// recordLoop is the control loop of a line: once a cycle it takes what has been measured and hands
// it over. It does not wait for network, file or terminal; what it calls must not either.
type recordLoop struct {
	sensors
	interval time.Duration
	series   lineSeries
	record   func(...service.Sample)

	// Of the goroutine that runs the loop.
	congestion measure.Congestion
	jitter     measure.Jitter
	second     int64 // in which jitter was looked at last, Unix
	// there has been a reply, or too long none: what congestion says of the line is known
	answered bool
	taken    []measure.Reply
	settled  []measure.Outcome
	observed int       // of them, those that say how the line is now
	newest   time.Time // when the newest echo that was answered had been sent
	path     int       // the path it took
	samples  []service.Sample
	due      time.Time // when the tick before was
	ran      time.Time // when the cycle before began

	mu   sync.Mutex // held for copying alone
	seen loopCounts
	// overhead is that of the cycles, in nanoseconds. It is to be read when the loop has ended.
	overhead *hdrhistogram.Histogram
}

// loopCounts are what a loop has counted and measured last.
type loopCounts struct {
	started, ended time.Time
	cycles         int64
	late           int64 // cycles that began more than half an interval after they were due
	missed         int64 // cycles that were not had at all, because others took too long
	recorded       int64 // samples handed over

	replies        int64
	rtt            time.Duration // of the last reply, as are
	rttMin, rttMax time.Duration
	rttSum         time.Duration

	reading measure.Reading
	known   bool                   // reading says something of the line
	states  [measure.Red + 1]int64 // cycles in each state
	rate    measure.Rate
	rateErr error // why there is no rate, nil when there is
}

func newRecordLoop(
	interval time.Duration, sensors sensors, series lineSeries, record func(...service.Sample),
) *recordLoop {
	return &recordLoop{
		sensors:    sensors,
		interval:   interval,
		series:     series,
		record:     record,
		congestion: measure.Congestion{Interval: interval},
		jitter:     measure.Jitter{Interval: interval},
		overhead:   hdrhistogram.New(1, longestOverhead.Nanoseconds(), overheadDigits),
	}
}

// counts returns what has been counted up to now. Any goroutine may ask.
func (l *recordLoop) counts() loopCounts {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.seen
}

// run runs cycles until ctx is done. What is measured until the line has ended as well is for
// [recordLoop.end].
func (l *recordLoop) run(ctx context.Context) {
	ticker := time.NewTicker(l.interval)
	defer ticker.Stop()
	l.begin(time.Now())
	for {
		select {
		case <-ctx.Done():
			return
		case due := <-ticker.C:
			start := time.Now()
			l.cycle(due, start)
			took := min(time.Since(start), longestOverhead)
			_ = l.overhead.RecordValue(took.Nanoseconds()) // it fails beyond longestOverhead alone
		}
	}
}

func (l *recordLoop) begin(now time.Time) {
	l.due, l.ran, l.second = now, now, now.Unix()
	// A rate is the difference to the reading before: this is the one before the first.
	_, _, err := l.rates()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.seen.started, l.seen.rateErr = now, err
}

// end records the replies and outcomes since the last cycle, and the jitter of the last second.
// Nothing else has been measured since. It is for a line that has ended.
func (l *recordLoop) end(now time.Time) {
	l.take()
	l.observe(now)
	l.addJitter(now)
	if len(l.samples) > 0 {
		l.record(l.samples...)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.seen.countReplies(l.taken)
	l.seen.recorded += int64(len(l.samples))
	l.seen.ended = now
}

// cycle is one turn of the loop, due at one moment and begun at another.
func (l *recordLoop) cycle(due, now time.Time) {
	l.take()
	if away := now.Sub(l.ran) - l.interval; away > l.interval/2 {
		l.congestion.Away(away)
	}
	l.ran = now
	reading := l.observe(now)
	if l.observed > 0 {
		l.add(l.series.baseline, now, milliseconds(reading.Baseline))
		l.add(l.series.delta, now, milliseconds(reading.Delta))
	}
	if second := now.Unix(); second != l.second {
		l.addJitter(now)
		l.second = second
	}
	// Before the first reply GREEN would be a guess.
	l.answered = l.answered || l.observed > 0 || reading.State == measure.Red
	if l.answered {
		l.add(l.series.state, now, float64(reading.State))
	}
	rate, ok, err := l.rates()
	if ok {
		l.add(l.series.download, now, rate.RxMbps)
		l.add(l.series.upload, now, rate.TxMbps)
	}
	l.record(l.samples...)
	l.count(due, now, reading, rate, err)
	l.due = due
}

// take takes what has been measured since the cycle before.
func (l *recordLoop) take() {
	l.samples = l.samples[:0]
	l.taken = l.replies(l.taken[:0])
	l.settled = l.outcomes(l.settled[:0])
}

// observe records the replies and outcomes that were taken, each at the moment at which its echo
// was sent. A reply that has been overtaken is a measurement of a moment before, and says nothing
// of now.
func (l *recordLoop) observe(now time.Time) measure.Reading {
	l.observed = 0
	reading := l.congestion.Silence(now)
	for _, outcome := range l.settled {
		l.add(l.series.loss, outcome.Sent, lossOf(outcome))
	}
	for _, reply := range l.taken {
		l.jitter.Observe(reply)
		if !reply.LeftOut {
			l.add(l.series.rtt, reply.Sent, milliseconds(reply.RTT))
		}
		if reply.LeftOut || reply.Sent.Before(l.newest) {
			reading = l.congestion.Hear(reply.At)
			continue
		}
		if reply.Path != l.path {
			l.congestion.Restart()
		}
		l.newest, l.path = reply.Sent, reply.Path
		reading = l.congestion.Observe(reply.RTT, reply.At)
		l.observed++
	}
	return reading
}

// addJitter records the jitter at a moment, if it was measured since it was recorded last.
func (l *recordLoop) addJitter(now time.Time) {
	if jitter, ok := l.jitter.Take(); ok {
		l.add(l.series.jitter, now, milliseconds(jitter))
	}
}

func lossOf(outcome measure.Outcome) float64 {
	if outcome.Lost {
		return 1
	}
	return 0
}

func (l *recordLoop) add(series *service.Series, at time.Time, value float64) {
	l.samples = append(l.samples, service.Sample{Series: series, Time: at, Value: value})
}

func (l *recordLoop) count(
	due, now time.Time, reading measure.Reading, rate measure.Rate, rateErr error,
) {
	l.mu.Lock()
	defer l.mu.Unlock()
	seen := &l.seen
	seen.cycles++
	if now.Sub(due) > l.interval/2 {
		seen.late++
	}
	// The ticker leaves out what nobody was there to take.
	seen.missed += max(int64((due.Sub(l.due)+l.interval/2)/l.interval)-1, 0)
	seen.recorded += int64(len(l.samples))
	seen.countReplies(l.taken)
	seen.reading, seen.known = reading, l.answered
	if l.answered {
		seen.states[reading.State]++
	}
	seen.rate, seen.rateErr = rate, rateErr
}

func (c *loopCounts) countReplies(replies []measure.Reply) {
	for _, reply := range replies {
		if !reply.LeftOut {
			c.observe(reply.RTT)
		}
	}
}

func (c *loopCounts) observe(rtt time.Duration) {
	if c.replies == 0 {
		c.rttMin, c.rttMax = rtt, rtt
	}
	c.replies++
	c.rtt = rtt
	c.rttMin, c.rttMax = min(c.rttMin, rtt), max(c.rttMax, rtt)
	c.rttSum += rtt
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
