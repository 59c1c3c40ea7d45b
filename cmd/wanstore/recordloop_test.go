package main

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wanstore/wanstore/measure"
	"github.com/wanstore/wanstore/service"
)

const testInterval = 50 * time.Millisecond

// testLine is a line whose replies, rates and recorder are plain functions of the simulated time
// since the start.
type testLine struct {
	replies func(at time.Duration) []measure.Reply
	rates   func(at time.Duration) (measure.Rate, bool, error)
	delay   func(at time.Duration) time.Duration // of the recorder
	left    []measure.Reply                      // since the last cycle
	settled func(at time.Duration) []measure.Outcome

	series  lineSeries
	samples map[*service.Series][]service.Sample
}

// run runs the loop for a while. It ends between two ticks, so that how many there are is certain.
func (l *testLine) run(t *testing.T, ticks int) *recordLoop {
	t.Helper()
	start := time.Now()
	l.samples = map[*service.Series][]service.Sample{}
	for _, handle := range []**service.Series{
		&l.series.rtt, &l.series.baseline, &l.series.delta, &l.series.jitter, &l.series.loss,
		&l.series.state, &l.series.download, &l.series.upload,
	} {
		*handle = new(service.Series)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Duration(ticks)*testInterval+testInterval/2)
	defer cancel()
	loop := newRecordLoop(testInterval, l.sensors(ctx, start), l.series,
		func(samples ...service.Sample) {
			for _, s := range samples {
				l.samples[s.Series] = append(l.samples[s.Series], s)
			}
			if l.delay != nil {
				time.Sleep(l.delay(time.Since(start)))
			}
		})
	loop.run(ctx)
	loop.end(time.Now())
	return loop
}

func (l *testLine) sensors(ctx context.Context, start time.Time) sensors {
	return sensors{
		replies: func(dst []measure.Reply) []measure.Reply {
			if ctx.Err() != nil {
				return append(dst, l.left...)
			}
			if l.replies == nil {
				return dst
			}
			return append(dst, l.replies(time.Since(start))...)
		},
		outcomes: func(dst []measure.Outcome) []measure.Outcome {
			if l.settled == nil {
				return dst
			}
			return append(dst, l.settled(time.Since(start))...)
		},
		rates: func() (measure.Rate, bool, error) {
			if l.rates == nil {
				return measure.Rate{}, false, nil
			}
			return l.rates(time.Since(start))
		},
	}
}

func (l *testLine) values(s *service.Series) []float64 {
	var values []float64
	for _, sample := range l.samples[s] {
		values = append(values, sample.Value)
	}
	return values
}

// reply is of an echo that was sent a cycle ago. It carries its own round-trip time.
func reply(rtt time.Duration) measure.Reply {
	now := time.Now()
	return measure.Reply{RTT: rtt, Sent: now.Add(-testInterval), At: now}
}

// What was measured between the last cycle and the end is recorded, too: with echoes each few
// seconds that is much of a short recording.
func TestRepliesOfTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		line := &testLine{left: []measure.Reply{
			reply(20 * time.Millisecond), {RTT: time.Second, LeftOut: true},
		}}
		seen := line.run(t, 3).counts()
		if diff := cmp.Diff([]float64{20}, line.values(line.series.rtt)); diff != "" {
			t.Error(diff)
		}
		if seen.replies != 1 || seen.rttMax != 20*time.Millisecond || seen.recorded != 1 {
			t.Errorf("%+v", seen)
		}
	})
}

func TestRecordLoop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		line := &testLine{
			replies: func(time.Duration) []measure.Reply {
				return []measure.Reply{reply(20 * time.Millisecond)}
			},
			rates: func(at time.Duration) (measure.Rate, bool, error) {
				return measure.Rate{RxMbps: 8, TxMbps: 2}, at > 0, nil
			},
		}
		loop := line.run(t, 20)
		seen := loop.counts()
		if seen.cycles != 20 || seen.late != 0 || seen.missed != 0 || seen.recorded != 20*6+1 {
			t.Errorf("%d cycles, %d late, %d missed, %d samples", seen.cycles, seen.late, seen.missed,
				seen.recorded)
		}
		if got := seen.ended.Sub(seen.started); got != 20*testInterval+testInterval/2 {
			t.Errorf("took %v", got)
		}
		if seen.rttMin != 20*time.Millisecond || seen.rttMax != seen.rttMin ||
			seen.rttSum != 20*seen.rttMin {
			t.Errorf("RTT %v %v %v", seen.rttMin, seen.rttMax, seen.rttSum)
		}
		if diff := cmp.Diff([]stateRow{{Value: 0, Name: "GREEN", Count: 20, Share: 1}},
			shares(seen.states)); diff != "" {
			t.Error(diff)
		}
		for series, want := range map[*service.Series]float64{
			line.series.rtt: 20, line.series.baseline: 20, line.series.delta: 0, line.series.state: 0,
			line.series.download: 8, line.series.upload: 2,
		} {
			first := begin.Add(testInterval)
			if series == line.series.rtt {
				first = begin // when the echo was sent
			}
			for i, s := range line.samples[series] {
				if s.Value != want || !s.Time.Equal(first.Add(time.Duration(i)*testInterval)) {
					t.Fatalf("sample %d: %v at %v", i, s.Value, s.Time)
				}
			}
			if got := len(line.samples[series]); got != 20 {
				t.Errorf("%d samples of one series", got)
			}
		}
		if got := loop.overhead.TotalCount(); got != 20 {
			t.Errorf("%d overheads", got)
		}
	})
}

// Every reply is recorded at its own moment; what is derived from them once a cycle.
func TestRecordLoopTakesAllReplies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cycle := 0
		line := &testLine{replies: func(time.Duration) []measure.Reply {
			cycle++
			first := reply(10 * time.Millisecond)
			first.Sent = first.Sent.Add(-time.Millisecond)
			return []measure.Reply{first, reply(12 * time.Millisecond)}[:cycle%3]
		}}
		seen := line.run(t, 6).counts()
		if diff := cmp.Diff([]float64{10, 10, 12, 10, 10, 12}, line.values(line.series.rtt)); diff != "" {
			t.Error(diff)
		}
		for _, s := range line.samples[line.series.rtt] {
			offset := (s.Time.Sub(seen.started) + testInterval) % testInterval
			want := map[float64]time.Duration{10: testInterval - time.Millisecond, 12: 0}[s.Value]
			if offset != want {
				t.Errorf("%v recorded at %v of a cycle", s.Value, offset)
			}
		}
		if got := len(line.samples[line.series.baseline]); got != 4 {
			t.Errorf("%d baselines of 4 cycles with replies", got)
		}
		if got := len(line.samples[line.series.state]); got != 6 {
			t.Errorf("%d states of 6 cycles", got)
		}
	})
}

// A line that falls silent turns RED, and one that never said anything has no state before it does.
func TestRecordLoopSilence(t *testing.T) {
	ticks := func(d time.Duration) int { return int(d / testInterval) }
	for name, c := range map[string]struct {
		until      time.Duration // there are replies up to here
		green, red int
	}{
		// The first look at the line is at the first tick.
		"never a reply": {0, 0, ticks(3*time.Second) - ticks(measure.SilenceLimit) - 1},
		"no more": {time.Second, ticks(time.Second) + ticks(measure.SilenceLimit),
			ticks(time.Second)},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				line := &testLine{replies: func(at time.Duration) []measure.Reply {
					if at > c.until {
						return nil
					}
					return []measure.Reply{reply(5 * time.Millisecond)}
				}}
				seen := line.run(t, ticks(3*time.Second)).counts()
				green, red := seen.states[measure.Green], seen.states[measure.Red]
				if green != int64(c.green) || red != int64(c.red) {
					t.Errorf("%d cycles GREEN and %d RED, want %d and %d", green, red, c.green, c.red)
				}
				if got, want := len(line.samples[line.series.state]), c.green+c.red; got != want {
					t.Errorf("%d states recorded, want %d", got, want)
				}
				if got, want := len(line.samples[line.series.baseline]), ticks(c.until); got != want {
					t.Errorf("%d baselines, want %d", got, want)
				}
			})
		})
	}
}

// A cycle that takes too long makes the next one late and those after it missed.
func TestRecordLoopFallsBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		line := &testLine{delay: func(at time.Duration) time.Duration {
			if at == 10*testInterval {
				return 3*testInterval + testInterval/2
			}
			return 0
		}}
		loop := line.run(t, 20)
		seen := loop.counts()
		if seen.late != 1 || seen.missed != 2 || seen.cycles != 18 {
			t.Errorf("%d cycles, %d late, %d missed; want 18, 1, 2", seen.cycles, seen.late, seen.missed)
		}
		want := 3*testInterval + testInterval/2
		if got := time.Duration(loop.overhead.Max()); got < want || got > want+want/500 {
			t.Errorf("longest cycle %v, want %v", got, want)
		}
		if got := loop.overhead.ValueAtQuantile(50); got != 0 {
			t.Errorf("median %v of cycles that take no time", got)
		}
	})
}

// The loop is stopped for two seconds in each three: the line is not silent meanwhile.
func TestRecordLoopThatIsStopped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		line := &testLine{
			replies: func(time.Duration) []measure.Reply {
				return []measure.Reply{reply(30 * time.Millisecond)}
			},
			delay: func(at time.Duration) time.Duration {
				if at%(3*time.Second) == time.Second {
					return 2 * time.Second
				}
				return 0
			},
		}
		// Its pinger was stopped as well, and has nothing at first.
		answers := line.replies
		var last time.Duration
		line.replies = func(at time.Duration) []measure.Reply {
			away := at - last
			last = at
			if away > time.Second {
				return nil
			}
			return answers(at)
		}
		seen := line.run(t, 200).counts()
		if red := seen.states[measure.Red]; red != 0 || seen.late == 0 {
			t.Errorf("%d cycles RED, %d late", red, seen.late)
		}
	})
}

// An answer whose time nobody knows is an answer; one that others have overtaken is a measurement
// of a moment before, and not of the state of the line.
func TestRecordLoopOfOldNews(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		line := &testLine{replies: func(at time.Duration) []measure.Reply {
			now := reply(30 * time.Millisecond)
			if at > time.Second {
				return []measure.Reply{{LeftOut: true, Sent: now.Sent, At: now.At}}
			}
			late := reply(1400 * time.Millisecond)
			late.Sent = now.Sent.Add(-1400 * time.Millisecond)
			return []measure.Reply{now, late}
		}}
		seen := line.run(t, 100).counts()
		if seen.states[measure.Green] != 100 {
			t.Errorf("states %v", seen.states)
		}
		if got := len(line.samples[line.series.rtt]); got != 40 || seen.rttMax != 1400*time.Millisecond {
			t.Errorf("%d round trips, the longest %v", got, seen.rttMax)
		}
		if got := len(line.samples[line.series.delta]); got != 20 {
			t.Errorf("%d deltas of 20 cycles with measurements", got)
		}
	})
}

// What became of an echo is recorded at the moment it was sent, and once; also at the end.
func TestRecordLoopOfLostEchoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		line := &testLine{settled: func(at time.Duration) []measure.Outcome {
			sent := begin.Add(at - 2*time.Second)
			return []measure.Outcome{{Sent: sent, Lost: at < time.Second}, {Sent: sent.Add(1)}}
		}}
		seen := line.run(t, 40).counts()
		samples := line.samples[line.series.loss]
		lost := 0.0
		for i, s := range samples {
			lost += s.Value
			if i > 0 && s.Time.Before(samples[i-1].Time) {
				t.Errorf("sample %d is older than the one before", i)
			}
		}
		first := begin.Add(testInterval - 2*time.Second)
		if len(samples) != 2*41 || lost != 19 || !samples[0].Time.Equal(first) {
			t.Errorf("%d samples from %v, %v lost", len(samples), samples[0].Time, lost)
		}
		if want := int64(len(samples) + len(line.samples[line.series.state])); seen.recorded != want {
			t.Errorf("%d samples handed over, want %d", seen.recorded, want)
		}
	})
}

// The jitter is recorded once a second, and not of a second without replies.
func TestRecordLoopJitter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		line := &testLine{replies: func(at time.Duration) []measure.Reply {
			if at > 2500*time.Millisecond && at < 5500*time.Millisecond {
				return nil
			}
			if at/testInterval%2 == 0 {
				return []measure.Reply{reply(10 * time.Millisecond)}
			}
			return []measure.Reply{reply(12 * time.Millisecond)}
		}}
		line.run(t, int(7500*time.Millisecond/testInterval))
		var at []time.Duration
		for _, s := range line.samples[line.series.jitter] {
			at = append(at, s.Time.Sub(begin))
			if s.Value <= 1 || s.Value > 2 { // it rises from 0 to 2
				t.Errorf("a jitter of %v ms at %v", s.Value, s.Time.Sub(begin))
			}
		}
		const second = time.Second
		end := 7500*time.Millisecond + testInterval/2
		want := []time.Duration{second, 2 * second, 3 * second, 6 * second, 7 * second, end}
		if diff := cmp.Diff(want, at); diff != "" {
			t.Error(diff)
		}
	})
}

// Another path has a round-trip time of its own.
func TestRecordLoopOfAnotherPath(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		line := &testLine{replies: func(at time.Duration) []measure.Reply {
			r := reply(20 * time.Millisecond)
			if at > time.Second {
				r.RTT, r.Path = 200*time.Millisecond, 1
			}
			return []measure.Reply{r}
		}}
		seen := line.run(t, 40).counts()
		if seen.states[measure.Green] != 40 || seen.reading.Baseline != 200*time.Millisecond {
			t.Errorf("states %v, %+v", seen.states, seen.reading)
		}
	})
}

// Without its counters an interface has no rates, and the rest is recorded.
func TestRecordLoopWithoutCounters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gone := errors.New("no such interface")
		line := &testLine{
			replies: func(time.Duration) []measure.Reply { return []measure.Reply{reply(time.Millisecond)} },
			rates: func(at time.Duration) (measure.Rate, bool, error) {
				if at > 5*testInterval {
					return measure.Rate{}, false, gone
				}
				return measure.Rate{RxMbps: 1}, true, nil
			},
		}
		seen := line.run(t, 10).counts()
		if !errors.Is(seen.rateErr, gone) {
			t.Errorf("rate error %v", seen.rateErr)
		}
		rates, rtts := len(line.samples[line.series.download]), len(line.samples[line.series.rtt])
		if rates != 5 || rtts != 10 {
			t.Errorf("%d rates and %d round trips, want 5 and 10", rates, rtts)
		}
	})
}

func TestRecordLoopDoesNotAllocate(t *testing.T) {
	loop := newRecordLoop(testInterval,
		sensors{
			func(dst []measure.Reply) []measure.Reply { return append(dst, reply(time.Millisecond)) },
			func(dst []measure.Outcome) []measure.Outcome {
				return append(dst, measure.Outcome{Sent: time.Now()})
			},
			func() (measure.Rate, bool, error) { return measure.Rate{}, true, nil },
		},
		lineSeries{}, func(...service.Sample) {})
	got := testing.AllocsPerRun(100, func() { loop.cycle(time.Now(), time.Now()) })
	if got > 0 {
		t.Errorf("%v allocations a cycle", got)
	}
}
