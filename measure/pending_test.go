package measure

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestPendingTake(t *testing.T) {
	t.Parallel()
	p := pending{timeout: time.Second}
	p.add(1, 7, noon)
	p.add(2, 7, noon.Add(cycle)) // the same number in the next run
	tests := []struct {
		run  uint64
		seq  int
		want time.Time
		ok   bool
	}{
		{run: 3, seq: 7},
		{run: 1, seq: 8},
		{run: 2, seq: 7, want: noon.Add(cycle), ok: true},
		{run: 2, seq: 7},
		{run: 1, seq: 7, want: noon, ok: true},
	}
	for _, tt := range tests {
		if got, ok := p.take(tt.run, tt.seq); ok != tt.ok || !got.Equal(tt.want) {
			t.Errorf("take(%d, %d) = %v, %v", tt.run, tt.seq, got, ok)
		}
	}
	if n := p.waiting(); n != 0 {
		t.Errorf("%d still waiting", n)
	}
}

func TestPendingExpire(t *testing.T) {
	t.Parallel()
	p := pending{timeout: time.Second}
	for i := range 4 {
		p.add(1, i, noon.Add(time.Duration(i)*cycle))
	}
	p.take(1, 1)
	if lost := p.expire(noon.Add(time.Second)); lost != 0 {
		t.Errorf("%d lost at the timeout", lost)
	}
	if lost := p.expire(noon.Add(time.Second + 2*cycle + 1)); lost != 2 {
		t.Errorf("%d lost, want the first and the third", lost)
	}
	if _, ok := p.take(1, 0); ok {
		t.Error("an echo that was given up is still waited for")
	}
	if len(p.echoes) != 1 {
		t.Errorf("%d kept, want the last one", len(p.echoes))
	}
}

// Every echo is answered once, lost once, or waiting; and only the newest stay.
func TestPendingProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := pending{timeout: time.Second}
		at, sent, answered, lost := noon, uint64(0), uint64(0), uint64(0)
		for seq := range rapid.IntRange(1, 200).Draw(t, "echoes") {
			at = at.Add(cycle)
			lost += p.expire(at)
			p.add(1, seq, at)
			sent++
			if _, ok := p.take(1, rapid.IntRange(0, seq).Draw(t, "reply")); ok {
				answered++
			}
			if sent != answered+lost+p.waiting() {
				t.Fatalf("%d sent, %d answered, %d lost, %d waiting", sent, answered, lost, p.waiting())
			}
			if most := int(time.Second/cycle) + 1; len(p.echoes) > most {
				t.Fatalf("%d kept, more than are sent within the timeout (%d)", len(p.echoes), most)
			}
		}
	})
}
