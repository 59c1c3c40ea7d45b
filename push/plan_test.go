package push

import (
	"testing"
	"time"

	"github.com/wanstore/wanstore/service"
)

// What goes next: the newest bucket before a backlog. Of two that may go, the one that is not held
// does.
func TestPlan(t *testing.T) {
	begin := time.Date(2026, 1, 1, 10, 0, 0, 0, time.UTC)
	at := func(minute int) time.Time { return begin.Add(time.Duration(minute) * time.Minute) }
	sent := func(from, until int) interval {
		return interval{Granularity: service.Minute, From: at(from), Until: at(until), Sent: at(60)}
	}
	var tiers [service.Hour + 1]service.TierSpan
	for g := range tiers {
		tiers[g] = service.TierSpan{From: begin, Until: at(60)}
	}
	for name, c := range map[string]struct {
		ledger ledger
		order  Order
		held   time.Time
		want   span
	}{
		"the newest":             {nil, NewestFirst, time.Time{}, span{at(59), at(60)}},
		"in order":               {nil, OldestFirst, time.Time{}, span{at(0), at(60)}},
		"in order, held":         {nil, OldestFirst, at(0), span{at(0), at(60)}},
		"the newest is held":     {nil, NewestFirst, at(59), span{at(0), at(60)}},
		"the oldest is held":     {nil, NewestFirst, at(0), span{at(59), at(60)}},
		"it was older":           {ledger{sent(0, 5)}, NewestFirst, at(0), span{at(59), at(60)}},
		"the newest was sent":    {ledger{sent(50, 60)}, NewestFirst, time.Time{}, span{at(0), at(50)}},
		"and the oldest is held": {ledger{sent(50, 60)}, NewestFirst, at(0), span{at(49), at(50)}},
		"nothing else waits":     {ledger{sent(1, 60)}, NewestFirst, at(0), span{at(0), at(1)}},
	} {
		t.Run(name, func(t *testing.T) {
			p := planning{granularity: service.Minute, tiers: tiers, ledger: c.ledger, begun: begin,
				due: at(60), order: c.order, held: c.held}
			if w, ok := p.next(nil); !ok || w.span != c.want {
				t.Errorf("%v, %v, want %v", w.span, ok, c.want)
			}
		})
	}
}
