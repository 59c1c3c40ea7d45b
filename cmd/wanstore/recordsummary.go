package main

import (
	"cmp"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/wanstore/wanstore/internal/clock"
	"github.com/wanstore/wanstore/measure"
	"github.com/wanstore/wanstore/service"
)

// recordSummary is what a run of the recorder was, as JSON has it.
type recordSummary struct {
	Target          string          `json:"target"`
	Interface       string          `json:"interface"`
	Probe           string          `json:"probe"`
	WAN             string          `json:"wan_name"`
	Path            string          `json:"path"`
	FileBytes       int64           `json:"file_bytes"`
	Started         moment          `json:"started"`
	Ended           moment          `json:"ended"`
	DurationSeconds float64         `json:"duration_seconds"`
	IntervalSeconds float64         `json:"interval_seconds"`
	Cycles          int64           `json:"cycles"`
	LateTicks       int64           `json:"late_ticks"`
	MissedTicks     int64           `json:"missed_ticks"`
	OverheadMicros  overheadSummary `json:"overhead_us"`
	Echoes          echoSummary     `json:"echoes"`
	RTT             *rttSummary     `json:"rtt_ms"` // null without replies
	States          []stateRow      `json:"states"`
	Samples         sampleSummary   `json:"samples"`
	Commits         commitSummary   `json:"commits"`
	Maintenance     passSummary     `json:"maintenance"`

	duration, interval, longestCommit time.Duration
	pingErr, storeErr                 error
}

// overheadSummary is what a cycle took, in microseconds.
type overheadSummary struct {
	P50 float64 `json:"p50"`
	P99 float64 `json:"p99"`
	Max float64 `json:"max"`
}

// echoSummary counts echoes. Late and left out ones were received, waiting ones were on their way
// at the end.
type echoSummary struct {
	Sent       uint64 `json:"sent"`
	Received   uint64 `json:"received"`
	Late       uint64 `json:"late"`
	Lost       uint64 `json:"lost"`
	LeftOut    uint64 `json:"left_out"`
	Duplicates uint64 `json:"duplicates"`
	Waiting    uint64 `json:"waiting"`
	SendErrors uint64 `json:"send_errors"`
	// LossRatio is the share lost of the echoes that were received or lost, the average of what was
	// recorded; null without any.
	LossRatio *float64 `json:"loss_ratio"`
}

// rttSummary is in milliseconds.
type rttSummary struct {
	Min float64 `json:"min"`
	Avg float64 `json:"avg"`
	Max float64 `json:"max"`
}

// sampleSummary says what became of the samples.
type sampleSummary struct {
	Recorded  int64 `json:"recorded"`
	Accepted  int64 `json:"accepted"`
	Late      int64 `json:"late"`
	Duplicate int64 `json:"duplicate"`
	Refused   int64 `json:"refused"`
	Dropped   int64 `json:"dropped"`
}

// commitSummary is of the writer.
type commitSummary struct {
	Count          int64   `json:"count"`
	Failed         int64   `json:"failed"`
	LongestSeconds float64 `json:"longest_seconds"`
}

// passSummary is of the maintenance beside the recording.
type passSummary struct {
	Passes int64 `json:"passes"`
}

// newRecordSummary is for a loop and a writer that have ended.
func newRecordSummary(line *line, loop *recordLoop, writer *service.Writer) *recordSummary {
	seen, stored := loop.counts(), writer.Status()
	duration := seen.ended.Sub(seen.started)
	path, _ := line.Path()
	target := ""
	if path.Target.IsValid() {
		target = path.Target.String()
	}
	return &recordSummary{
		Target: target, Interface: path.Interface, Probe: line.Probe().String(), WAN: line.wan,
		Path: writer.Path(), FileBytes: fileSize(writer.Path()),
		Started: moment{seen.started}, Ended: moment{seen.ended},
		DurationSeconds: duration.Seconds(), duration: duration,
		IntervalSeconds: loop.interval.Seconds(), interval: loop.interval,
		Cycles: seen.cycles, LateTicks: seen.late, MissedTicks: seen.missed,
		OverheadMicros: overheadSummary{
			P50: micros(loop.overhead.ValueAtQuantile(50)),
			P99: micros(loop.overhead.ValueAtQuantile(99)),
			Max: micros(loop.overhead.Max()),
		},
		Echoes: newEchoSummary(line.Counts()), pingErr: line.Err(),
		RTT:    newRTTSummary(seen),
		States: shares(seen.states),
		Samples: sampleSummary{
			Recorded: seen.recorded, Accepted: stored.Accepted, Late: stored.Late,
			Duplicate: stored.Duplicate,
			Refused:   stored.Refused.Total(), Dropped: stored.Dropped.QueueFull + stored.Dropped.Closed,
		},
		Commits: commitSummary{
			Count: stored.Commits, Failed: stored.FailedCommits,
			LongestSeconds: stored.LongestCommit.Seconds(),
		},
		longestCommit: stored.LongestCommit,
		Maintenance:   passSummary{Passes: stored.Passes},
		storeErr:      stored.LastError,
	}
}

func micros(nanos int64) float64 { return float64(nanos) / 1e3 }

func newEchoSummary(c measure.PingCounts) echoSummary {
	summary := echoSummary{Sent: c.Sent, Received: c.Received, Late: c.Late, Lost: c.Lost,
		LeftOut: c.LeftOut, Duplicates: c.Duplicates, Waiting: c.Waiting, SendErrors: c.SendErrors}
	if known := c.Received + c.Lost; known > 0 {
		ratio := float64(c.Lost) / float64(known)
		summary.LossRatio = &ratio
	}
	return summary
}

func newRTTSummary(seen loopCounts) *rttSummary {
	if seen.replies == 0 {
		return nil
	}
	return &rttSummary{
		Min: milliseconds(seen.rttMin), Max: milliseconds(seen.rttMax),
		Avg: milliseconds(seen.rttSum) / float64(seen.replies),
	}
}

// shares returns the share of the cycles that were spent in each state.
func shares(cycles [measure.Red + 1]int64) []stateRow {
	var all int64
	for _, count := range cycles {
		all += count
	}
	list := []stateRow{}
	for state, count := range cycles {
		if count > 0 {
			list = append(list, stateRow{
				Value: float64(state), Name: measure.State(state).String(), Count: count,
				Share: float64(count) / float64(all),
			})
		}
	}
	return list
}

// print shows the summary to people.
func (s *recordSummary) print(out io.Writer) error {
	lines := newTable(out)
	for _, fact := range s.facts() {
		if err := lines.add(fact...); err != nil {
			return err
		}
	}
	return lines.end()
}

func (s *recordSummary) facts() [][]string {
	facts := [][]string{
		{"target", s.target()},
		{"interface", fmt.Sprintf("%s, recorded as WAN %s", cmp.Or(s.Interface, "none"),
			printable(s.WAN))},
		{"duration", brief(s.duration)},
		{"cycles", fmt.Sprintf("%d of %s, %d late, %d missed", s.Cycles, clock.FormatDuration(s.interval),
			s.LateTicks, s.MissedTicks)},
		{"own overhead", fmt.Sprintf("p50 %s, p99 %s, max %s a cycle",
			briefMicros(s.OverheadMicros.P50), briefMicros(s.OverheadMicros.P99),
			briefMicros(s.OverheadMicros.Max))},
		{"echoes", s.echoes()},
		{"loss", s.loss()},
		{"RTT", s.rtt()},
		{"states", s.states()},
		{"samples", s.samples()},
		{"commits",
			fmt.Sprintf("%d, %d failed, the longest %s", s.Commits.Count, s.Commits.Failed,
				brief(s.longestCommit))},
		{"file", fmt.Sprintf("%s, %s", printable(s.Path), size(s.FileBytes))},
	}
	if s.pingErr != nil {
		facts = append(facts, []string{"last echo error", s.pingErr.Error()})
	}
	if s.storeErr != nil {
		facts = append(facts, []string{"last store error", s.storeErr.Error()})
	}
	return facts
}

func (s *recordSummary) target() string {
	if s.Target == "" {
		return "none: there was no line"
	}
	if s.Probe != "icmp" {
		return s.Target + ", by " + s.Probe
	}
	return s.Target
}

func briefMicros(us float64) string { return brief(time.Duration(us * 1e3)) }

func (s *recordSummary) echoes() string {
	parts := []string{fmt.Sprintf("%d sent, %d received, %d late, %d lost", s.Echoes.Sent,
		s.Echoes.Received, s.Echoes.Late, s.Echoes.Lost)}
	for _, rare := range []struct {
		count uint64
		what  string
	}{
		{s.Echoes.Waiting, "still on the way"},
		{s.Echoes.LeftOut, "left out: this machine was late itself"},
		{s.Echoes.Duplicates, "duplicates"},
		{s.Echoes.SendErrors, "could not be sent"},
	} {
		if rare.count > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", rare.count, rare.what))
		}
	}
	return strings.Join(parts, ", ")
}

func (s *recordSummary) loss() string {
	if s.Echoes.LossRatio == nil {
		return "unknown: no echo was answered or lost"
	}
	return trimmed(100**s.Echoes.LossRatio) + " %"
}

func (s *recordSummary) rtt() string {
	if s.RTT == nil {
		return "no reply"
	}
	return fmt.Sprintf("min %s ms, avg %s ms, max %s ms", fixed(s.RTT.Min), fixed(s.RTT.Avg),
		fixed(s.RTT.Max))
}

func (s *recordSummary) states() string {
	var list []string
	for _, state := range s.States {
		list = append(list, fmt.Sprintf("%s %s", state.Name, percent(state.Share)))
	}
	if len(list) == 0 {
		return "none known"
	}
	return strings.Join(list, ", ")
}

func (s *recordSummary) samples() string {
	text := fmt.Sprintf("%d accepted, %d refused, %d dropped", s.Samples.Accepted, s.Samples.Refused,
		s.Samples.Dropped)
	if s.Samples.Duplicate > 0 {
		text += fmt.Sprintf(", %d were there already", s.Samples.Duplicate)
	}
	return text
}
