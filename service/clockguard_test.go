package service_test

import (
	"fmt"
	"testing"
	"time"
	_ "time/tzdata" // the test of summer time needs a zone

	"github.com/google/go-cmp/cmp"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/service"
)

// in1970 is how much a clock is ahead that begins at the epoch now.
func in1970() time.Duration { return time.Until(time.Unix(30, 0)) }

// A machine without a battery begins in 1970. What it records in a new file has its age only when
// the clock has proved itself.
func TestNewFileIn1970(t *testing.T) {
	simulate(t, func(s *station) {
		behind := in1970()
		s.ahead(behind)
		s.start()
		s.record(20 * time.Minute)
		from := s.now().Add(-time.Hour) // before the epoch
		points := 0
		for _, err := range history(s.t, s.path).Range(s.t.Context(),
			service.Query{From: from, Until: s.now(), Step: time.Minute}) {
			if err != nil {
				s.t.Fatal(err)
			}
			points++
		}
		if points != 4 {
			s.t.Errorf("%d points since %s, want one each tick", points, from.UTC())
		}
		s.ahead(0)
		s.record(25 * time.Minute)
		s.check(time.Unix(0, 0))
		s.record(15 * time.Minute)
		s.doubts(0)
		s.deletesBy(s.now())
		s.check(s.now().Add(-24 * time.Hour))
		s.logs(0, 0)
	})
}

// In a file with history, what is recorded in 1970 is too old, and nothing is deleted. The clock is
// believed as soon as it is right: the file knows of that time.
func TestHistoryIn1970(t *testing.T) {
	simulate(t, func(s *station) {
		s.start()
		s.record(3 * time.Hour)
		if _, err := s.w.Maintain(s.t.Context()); err != nil {
			s.t.Fatal(err)
		}
		shut(s.t, s.w)
		s.ahead(in1970())
		s.start()
		before := s.floor("raw")
		s.record(20 * time.Minute)
		if got := s.w.Status().Refused.TooOld; got != 4 {
			s.t.Errorf("%d samples of 1970 were refused as too old, want 4", got)
		}
		if got := s.floor("raw"); !got.Equal(before) {
			s.t.Errorf("the floor of raw samples has moved from %s to %s", before.UTC(), got.UTC())
		}
		s.ahead(0)
		s.record(2 * tick)
		s.doubts(0)
		s.deletesBy(s.now())
		s.check(s.now().Add(-24 * time.Hour))
		s.logs(0, 0)
	})
}

// A clock that is a day ahead for some hours deletes nothing, and leaves nothing that is not
// counted, or counted twice.
func TestDayAheadAndBack(t *testing.T) {
	simulate(t, func(s *station) {
		s.start()
		s.record(5 * time.Hour)
		s.ahead(26*time.Hour + 7*time.Second)
		s.record(3 * time.Hour)
		s.doubts(26 * time.Hour)
		s.deletesBy(time.Now())
		s.check(time.Now().Add(-24 * time.Hour))
		s.ahead(0)
		s.record(3 * time.Hour)
		s.doubts(0)
		s.deletesBy(time.Now())
		s.check(time.Now().Add(-24 * time.Hour))
		s.logs(1, 1)
		if got := s.w.Status().Late; got < 30 {
			s.t.Errorf("%d samples were late, want nearly all of three hours", got)
		}
	})
}

// A clock that has jumped ahead and stays there proves itself by going on. Meanwhile deleting goes
// on at the pace of time.
func TestJumpThatLasts(t *testing.T) {
	for _, c := range []struct{ jump, proof time.Duration }{
		{2 * time.Hour, 2 * time.Hour},
		{8 * time.Hour, 6 * time.Hour}, // as after a night in which the machine has slept
		{1000 * 24 * time.Hour, 6 * time.Hour},
	} {
		t.Run(c.jump.String(), func(t *testing.T) {
			simulate(t, func(s *station) {
				s.start()
				s.record(90 * time.Minute)
				s.ahead(c.jump)
				at := s.now()
				s.record(c.proof - tick)
				s.deletesBy(time.Now())
				s.check(time.Now().Add(-24 * time.Hour))
				s.doubts(c.jump)
				again := s.w.Status().DeletesAgain
				if late := again.Sub(at.Add(c.proof)); late < 0 || late > tick+time.Minute {
					s.t.Errorf("deleting goes on at %s, want %s after the jump at %s", again.UTC(), c.proof,
						at.UTC())
				}
				s.logs(1, 0)
				s.record(3 * tick)
				s.doubts(0)
				s.deletesBy(s.now())
				s.check(s.now().Add(-24 * time.Hour))
				s.logs(0, 1)
			})
		})
	}
}

// A clock that soon jumps on while it is in doubt has proved nothing. One that has gone on for a
// while before was right until then.
func TestJumpAfterJump(t *testing.T) {
	for _, c := range []struct {
		pause   time.Duration
		believe bool
	}{{25 * time.Minute, false}, {4 * time.Hour, true}} {
		t.Run(c.pause.String(), func(t *testing.T) {
			simulate(t, func(s *station) {
				s.start()
				s.record(90 * time.Minute)
				right := time.Duration(0)
				for jump := 24 * time.Hour; jump <= 4*24*time.Hour; jump += 24 * time.Hour {
					s.ahead(jump)
					s.record(c.pause)
					s.doubts(jump - right)
					s.deletesBy(time.Now().Add(right))
					if c.believe {
						right = jump
					}
				}
				s.record(6*time.Hour - c.pause + 3*tick)
				s.doubts(0)
				s.logs(4, 1)
			})
		})
	}
}

// What a machine says that sleeps more than it wakes is deleted one nap late.
func TestShortWakes(t *testing.T) {
	simulate(t, func(s *station) {
		s.start()
		s.record(time.Hour)
		for nap := 2 * time.Hour; nap <= 40*time.Hour; nap += 2 * time.Hour {
			s.ahead(nap)
			s.record(time.Hour)
		}
		if age := s.now().Sub(s.floor("1h")); age > 32*time.Hour {
			s.t.Errorf("the history begins %s ago, want its day and two naps or so", age)
		}
	})
}

// So it is where each session begins with the time at which the last one has ended.
func TestShortSessions(t *testing.T) {
	simulate(t, func(s *station) {
		for day := range 10 {
			saved := s.now()
			after(20 * time.Hour)
			s.ahead(time.Until(saved))
			s.start()
			s.record(2 * tick)
			s.ahead(0)
			s.record(4 * time.Hour)
			shut(s.t, s.w)
			if age := s.now().Sub(s.floor("1h")); day > 3 && age > 3*24*time.Hour {
				s.t.Errorf("on day %d the history begins %s ago, want its day and two more at most", day, age)
			}
		}
	})
}

// A new file does not believe its first clock at once: what it would delete could not be brought
// back.
func TestNewFileAhead(t *testing.T) {
	simulate(t, func(s *station) {
		s.ahead(10 * 365 * 24 * time.Hour)
		s.start()
		s.record(2 * tick)
		s.ahead(0)
		s.record(3 * time.Hour)
		if got := s.w.Status().Refused.TooOld; got != 0 {
			s.t.Errorf("%d samples were refused as too old", got)
		}
		s.doubts(0)
		s.deletesBy(s.now())
	})
}

// An hour back and forth is explained by the time before.
func TestHourBack(t *testing.T) {
	simulate(t, func(s *station) {
		s.start()
		s.record(3 * time.Hour)
		s.ahead(-time.Hour + 7*time.Second)
		s.record(30 * time.Minute)
		s.doubts(0)
		s.check(time.Now().Add(-24 * time.Hour))
		s.ahead(0)
		s.record(time.Hour)
		s.doubts(0)
		s.deletesBy(time.Now())
		s.check(time.Now().Add(-24 * time.Hour))
		s.logs(0, 0)
	})
}

// Summer time is no jump, in the file and to the guard: all there is UTC.
func TestSummerTime(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	local := time.Local
	t.Cleanup(func() { time.Local = local })
	dumps := map[string]any{}
	for _, zone := range []*time.Location{time.UTC, berlin} {
		time.Local = zone
		simulate(t, func(s *station) {
			change := time.Date(2000, 3, 26, 1, 0, 0, 0, time.UTC)
			time.Sleep(time.Until(change.Add(-2*time.Hour - time.Second)))
			s.start()
			s.record(4 * time.Hour)
			s.doubts(0)
			s.deletesBy(time.Now())
			s.check(time.Now().Add(-24 * time.Hour))
			s.logs(0, 0)
			dumps[zone.String()] = filetest.Dump(s.t, s.path)
		})
	}
	if diff := cmp.Diff(dumps["UTC"], dumps["Europe/Berlin"]); diff != "" {
		t.Errorf("the files differ (-UTC +Berlin):\n%s", diff)
	}
}

// A restart ends no doubt, and begins no new one.
func TestRestartInDoubt(t *testing.T) {
	simulate(t, func(s *station) {
		s.start()
		s.record(90 * time.Minute)
		s.ahead(48 * time.Hour)
		s.record(3 * time.Hour)
		shut(s.t, s.w)
		s.start()
		s.record(2*time.Hour + 50*time.Minute)
		s.doubts(48 * time.Hour)
		s.deletesBy(time.Now())
		s.check(time.Now().Add(-24 * time.Hour))
		s.record(4 * tick)
		s.doubts(0)
		s.deletesBy(s.now())
	})
}

// Only what has been seen of a clock counts: after a restart it may be another one.
func TestWrongClockAfterARestartInDoubt(t *testing.T) {
	simulate(t, func(s *station) {
		s.start()
		s.record(3 * time.Hour)
		shut(s.t, s.w)
		after(10 * time.Minute) // without power
		s.start()
		s.doubts(10 * time.Minute)
		s.record(5 * time.Minute)
		shut(s.t, s.w)
		s.ahead(365 * 24 * time.Hour)
		s.start()
		s.record(3 * time.Hour)
		s.doubts(365*24*time.Hour + 15*time.Minute)
		s.check(time.Now().Add(-24 * time.Hour))
		s.ahead(0)
		s.record(40 * time.Minute)
		s.doubts(0)
		s.deletesBy(time.Now())
		s.check(time.Now().Add(-24 * time.Hour))
	})
}

// night is a maintenance by hand or by cron: nothing runs before it and after it.
func (s *station) night() service.Report {
	s.t.Helper()
	options := quiet()
	options.Now = s.now
	s.w = open(s.t, service.Config{DBPath: s.path, RetentionDays: 1}, options)
	for age := range 24 {
		at := s.now().Add(-time.Duration(age) * time.Hour)
		write(s.t, s.w, service.Sample{Series: rtt(s.t, s.w), Time: at, Value: 1})
	}
	report, err := s.w.Maintain(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	shut(s.t, s.w)
	return report
}

// A maintenance each night deletes what had its age the night before. One with a wrong clock
// deletes no more than that.
func TestMaintenanceEachNight(t *testing.T) {
	simulate(t, func(s *station) {
		var before time.Time
		for night := range 6 {
			report := s.night()
			if want := before.Add(-24 * time.Hour).Truncate(time.Hour); night > 1 &&
				!s.floor("1h").Equal(want) {
				s.t.Errorf("night %d: the history begins at %s, want a day before the last night: %s", night,
					s.floor("1h").UTC(), want.UTC())
			}
			if night > 0 && report.ClockDoubt.Round(time.Minute) != 24*time.Hour {
				s.t.Errorf("night %d: the clock is in doubt by %s, want a day", night, report.ClockDoubt)
			}
			before = s.now()
			after(24 * time.Hour)
		}
		kept := s.floor("1h")
		s.ahead(365 * 24 * time.Hour)
		s.night()
		if got := s.floor("1h"); !got.Equal(kept) {
			s.t.Errorf("a wrong clock: the history begins at %s, want %s", got.UTC(), kept.UTC())
		}
		s.ahead(0)
		for range 2 {
			after(24 * time.Hour)
			before = s.now()
			s.night()
		}
		if want := before.Add(-2 * 24 * time.Hour).Truncate(time.Hour); !s.floor("1h").Equal(want) {
			s.t.Errorf("two nights later: the history begins at %s, want %s", s.floor("1h").UTC(),
				want.UTC())
		}
	})
}

// A file that has never been maintained, such as an import of old data, loses nothing by its first
// maintenance.
func TestFirstMaintenanceOfOldData(t *testing.T) {
	simulate(t, func(s *station) {
		options := quiet()
		options.Now = s.now
		s.ahead(-365 * 24 * time.Hour)
		w := open(s.t, service.Config{DBPath: s.path}, options)
		newest := s.now()
		write(s.t, w, run(rtt(s.t, w), 600, newest, time.Minute)...)
		shut(s.t, w)

		s.ahead(0)
		w = open(s.t, service.Config{DBPath: s.path}, options)
		for _, c := range []struct {
			wait time.Duration
			left int64
		}{{0, 600}, {20 * time.Minute, 600}, {20 * time.Minute, 0}} {
			after(c.wait)
			shut(s.t, w)
			w = open(s.t, service.Config{DBPath: s.path}, options)
			if _, err := w.Maintain(s.t.Context()); err != nil {
				s.t.Fatal(err)
			}
			got := filetest.Int(s.t, s.path, "SELECT coalesce(sum(count), 0) FROM metrics")
			if got != c.left {
				s.t.Errorf("%s later: %d samples are left, want %d", c.wait, got, c.left)
			}
		}
	})
}

// Somebody who vouches for a clock has ages counted from it at once.
func TestTrustedClock(t *testing.T) {
	simulate(t, func(s *station) {
		options := quiet()
		options.Now, options.TrustClock = s.now, true
		w := open(s.t, service.Config{DBPath: s.path}, options)
		write(s.t, w, run(rtt(s.t, w), 600, s.now(), time.Minute)...)
		for range 3 {
			report, err := w.Maintain(s.t.Context())
			if err != nil || report.ClockDoubt != 0 {
				s.t.Errorf("a doubt of %s, error %v", report.ClockDoubt, err)
			}
			s.deletesBy(s.now())
			s.ahead(time.Duration(s.wrong.Load()) + 2*time.Hour)
		}
	})
}

// Another process that has had the clock vouched for speaks for all: the file says so.
func TestClockTrustedByAnotherProcess(t *testing.T) {
	simulate(t, func(s *station) {
		s.start()
		s.record(90 * time.Minute)
		s.ahead(48 * time.Hour)
		s.record(30 * time.Minute)
		s.doubts(48 * time.Hour)
		filetest.Exec(s.t, s.path,
			fmt.Sprintf("UPDATE clock SET trusted = %d, doubted = 0", s.now().UnixMicro()))
		s.record(2 * tick)
		s.doubts(0)
		s.deletesBy(s.now())
	})
}

// However the clock jumps, there is one pass each tick.
func TestPassesWhileTheClockJumps(t *testing.T) {
	simulate(t, func(s *station) {
		s.start()
		for _, jump := range []time.Duration{
			0, 365 * 24 * time.Hour, 0, in1970(), 0, -time.Hour, 30 * time.Second, -30 * time.Second,
		} {
			s.ahead(jump)
			before := s.w.Status().Passes
			after(20 * tick)
			if got := s.w.Status().Passes - before; got < 19 || got > 22 {
				s.t.Errorf("a clock that is %s ahead: %d passes in 20 ticks, want one each", jump, got)
			}
		}
	})
}
