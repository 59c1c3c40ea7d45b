package service

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wanstore/wanstore/repo"
)

// at is a moment so long after another one that the tables below take for zero.
func at(d time.Duration) repo.Micros { return repo.Micros(1_800_000_000_000_000).Add(d) }

func TestJudge(t *testing.T) {
	const h, m = time.Hour, time.Minute
	for _, c := range []struct {
		name     string
		file     repo.Clock
		r        reckoning
		want     repo.Clock
		deleteBy repo.Micros
		proved   repo.Micros
	}{
		{"a new file", repo.Clock{},
			reckoning{now: at(0), first: true}, repo.Clock{Doubted: at(0), Seen: at(0)}, 0, at(30 * m)},
		{"half an hour later", repo.Clock{Doubted: at(0), Seen: at(29 * m)},
			reckoning{now: at(30 * m), elapsed: m}, repo.Clock{Trusted: at(30 * m), Seen: at(30 * m)},
			at(30 * m), 0},
		{"a new file whose first clock was wrong", repo.Clock{Doubted: at(1000 * h), Seen: at(1000 * h)},
			reckoning{now: at(m), elapsed: m}, repo.Clock{Doubted: at(m), Seen: at(m)}, 0, at(31 * m)},
		{"a minute later", repo.Clock{Trusted: at(0), Seen: at(0)},
			reckoning{now: at(m), elapsed: m, reach: at(0)}, repo.Clock{Trusted: at(m), Seen: at(m)}, at(m),
			0},
		{"restarted within a minute", repo.Clock{Trusted: at(0), Seen: at(0)},
			reckoning{now: at(m), first: true}, repo.Clock{Trusted: at(m), Seen: at(m)}, at(m), 0},
		{"restarted after an hour", repo.Clock{Trusted: at(0), Seen: at(0)},
			reckoning{now: at(h), first: true}, repo.Clock{Trusted: at(0), Doubted: at(h), Seen: at(h)},
			at(0), at(2 * h)},
		{"it goes on", repo.Clock{Trusted: at(0), Doubted: at(h), Seen: at(h)},
			reckoning{now: at(h + 5*m), elapsed: 5 * m, reach: at(0)},
			repo.Clock{Trusted: at(5 * m), Doubted: at(h), Seen: at(h + 5*m)}, at(5 * m), at(2 * h)},
		{"it has gone on for long enough",
			repo.Clock{Trusted: at(59 * m), Doubted: at(h), Seen: at(2*h - m)},
			reckoning{now: at(2 * h), elapsed: m, reach: at(59 * m)},
			repo.Clock{Trusted: at(2 * h), Seen: at(2 * h)}, at(2 * h), 0},
		{"a jump ahead", repo.Clock{Trusted: at(0), Seen: at(0)},
			reckoning{now: at(48 * h), elapsed: m, reach: at(0)},
			repo.Clock{Trusted: at(m), Doubted: at(48 * h), Seen: at(48 * h)}, at(m), at(54 * h)},
		{"a jump of a thousand years", repo.Clock{Trusted: at(0), Seen: at(0)},
			reckoning{now: at(0) + 365_000*24*3600e6, elapsed: m, reach: at(0)},
			repo.Clock{Trusted: at(m), Doubted: at(0) + 365_000*24*3600e6, Seen: at(0) + 365_000*24*3600e6},
			at(m), at(6*h) + 365_000*24*3600e6},
		{"another jump ahead", repo.Clock{Trusted: at(h), Doubted: at(48 * h), Seen: at(49 * h)},
			reckoning{now: at(72 * h), elapsed: m, reach: at(h)},
			repo.Clock{Trusted: at(49 * h), Doubted: at(72 * h), Seen: at(72 * h)}, at(49 * h), at(78 * h)},
		{"another jump ahead soon",
			repo.Clock{Trusted: at(h), Doubted: at(48 * h), Seen: at(48*h + 29*m)},
			reckoning{now: at(72 * h), elapsed: m, reach: at(h)},
			repo.Clock{Trusted: at(h + m), Doubted: at(72 * h), Seen: at(72 * h)}, at(h + m), at(78 * h)},
		{"a jump half the way back", repo.Clock{Trusted: at(h), Doubted: at(48 * h), Seen: at(49 * h)},
			reckoning{now: at(24 * h), elapsed: m, reach: at(h)},
			repo.Clock{Trusted: at(h + m), Doubted: at(24 * h), Seen: at(24 * h)}, at(h + m), at(30 * h)},
		{"a jump all the way back", repo.Clock{Trusted: at(h), Doubted: at(48 * h), Seen: at(49 * h)},
			reckoning{now: at(h + m), elapsed: m, reach: at(h)},
			repo.Clock{Trusted: at(h + m), Seen: at(h + m)}, at(h + m), 0},
		{"an hour back", repo.Clock{Trusted: at(0), Seen: at(0)},
			reckoning{now: at(-h), elapsed: m, reach: at(0)}, repo.Clock{Trusted: at(0), Seen: at(0)},
			at(-h), 0},
		{"for six hours", repo.Clock{Trusted: at(0), Seen: at(0)},
			reckoning{now: at(-h), elapsed: m, reach: at(5 * h), behind: 6 * h},
			repo.Clock{Trusted: at(-h), Seen: at(-h)}, at(-h), 0},
		{"and forth, half an hour later", repo.Clock{Trusted: at(0), Seen: at(0)},
			reckoning{now: at(h / 2), elapsed: m, reach: at(h/2 - m)},
			repo.Clock{Trusted: at(h / 2), Seen: at(h / 2)}, at(h / 2), 0},
		{"the next night", repo.Clock{Trusted: at(0), Doubted: at(24 * h), Seen: at(24 * h)},
			reckoning{now: at(48 * h), first: true},
			repo.Clock{Trusted: at(24 * h), Doubted: at(48 * h), Seen: at(48 * h)}, at(24 * h), at(54 * h)},
		{"a restart within the doubt", repo.Clock{Trusted: at(h), Doubted: at(48 * h), Seen: at(49 * h)},
			reckoning{now: at(50 * h), first: true},
			repo.Clock{Trusted: at(h), Doubted: at(48 * h), Seen: at(50 * h)}, at(h), at(54 * h)},
		{"a restart that goes back within the doubt",
			repo.Clock{Trusted: at(h), Doubted: at(48 * h), Seen: at(49 * h)},
			reckoning{now: at(48*h + 10*m), first: true},
			repo.Clock{Trusted: at(h), Doubted: at(48*h + 10*m), Seen: at(48*h + 10*m)}, at(h),
			at(54*h + 10*m)},
		{"somebody vouches", repo.Clock{Trusted: at(h), Doubted: at(48 * h), Seen: at(49 * h)},
			reckoning{now: at(50 * h), first: true, vouched: true},
			repo.Clock{Trusted: at(50 * h), Seen: at(50 * h)}, at(50 * h), 0},
		{"somebody vouches for the past", repo.Clock{Trusted: at(h), Seen: at(h)},
			reckoning{now: at(0), first: true, vouched: true}, repo.Clock{Trusted: at(h), Seen: at(h)},
			at(0), 0},
		{"boot in the past within a doubt",
			repo.Clock{Trusted: at(h), Doubted: at(48 * h), Seen: at(52 * h)},
			reckoning{now: at(0), first: true},
			repo.Clock{Trusted: at(h), Doubted: at(48 * h), Seen: at(52 * h)}, at(0), 0},
		{"set right after that", repo.Clock{Trusted: at(h), Doubted: at(48 * h), Seen: at(52 * h)},
			reckoning{now: at(72 * h), elapsed: m, reach: at(h)},
			repo.Clock{Trusted: at(52 * h), Doubted: at(72 * h), Seen: at(72 * h)}, at(52 * h), at(78 * h)},
		{"two boots with any time at all",
			repo.Clock{Trusted: at(0), Doubted: at(2400 * h), Seen: at(2400*h + m/2)},
			reckoning{now: at(4800 * h), first: true},
			repo.Clock{Trusted: at(0), Doubted: at(4800 * h), Seen: at(4800 * h)}, at(0), at(4806 * h)},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := c.r.judge(c.file)
			if diff := cmp.Diff(c.want, got.file); diff != "" {
				t.Errorf("the file (-want +got):\n%s", diff)
			}
			if got.deleteBy != c.deleteBy || got.proved != c.proved {
				t.Errorf("deleting goes by %s and is proved at %s, want %s and %s",
					got.deleteBy.Time(), got.proved.Time(), c.deleteBy.Time(), c.proved.Time())
			}
			if jump, _ := got.doubt(); jump < 0 || (jump == 0) != (c.proved == 0 || c.file.Trusted == 0) {
				t.Errorf("a doubt of %s", jump)
			}
		})
	}
}

// Processes that share a file judge one clock, each at its own moments. While it is in doubt they
// do not add up: deleting goes on at the pace of time, and the clock is proved as soon as it would
// be to one of them.
func TestJudgeByManyProcesses(t *testing.T) {
	const jump = 48 * time.Hour
	random := rand.New(rand.NewPCG(1, 2))
	for processes := 1; processes <= 5; processes++ {
		file := repo.Clock{Trusted: at(0), Seen: at(0)}
		memory := make([]reckoning, processes)
		judged := make([]time.Duration, processes)
		for i := range memory {
			memory[i] = reckoning{first: true}
		}
		believedAt := time.Duration(math.MaxInt64)
		for now := time.Duration(0); now < 8*time.Hour &&
			believedAt == math.MaxInt64; now += time.Duration(random.Int64N(int64(40 * time.Second))) {
			i := random.IntN(processes)
			wrong := time.Duration(0)
			if now > time.Hour {
				wrong = jump
			}
			memory[i].now, memory[i].elapsed = at(now+wrong), now-judged[i]
			if memory[i].first {
				memory[i].elapsed = 0
			}
			got := memory[i].judge(file)
			file = got.file
			memory[i] = reckoning{reach: got.reach}
			judged[i] = now
			switch {
			case wrong == 0:
			case got.jump == 0:
				believedAt = now
			case got.deleteBy > at(now):
				t.Fatalf("%d processes: %s after the jump deleting goes by a moment that is %s ahead",
					processes, now-time.Hour, got.deleteBy.Sub(at(now)))
			}
		}
		if late := believedAt - 7*time.Hour; late < 0 || late > 5*time.Minute {
			t.Errorf("%d processes: the clock was believed %s after the jump, want 6h", processes,
				believedAt-time.Hour)
		}
	}
}
