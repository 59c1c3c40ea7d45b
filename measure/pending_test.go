package measure

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestPendingFind(t *testing.T) {
	t.Parallel()
	p := pending{wait: time.Second, first: 7}
	p.add(echo{sent: noon})
	p.add(echo{sent: noon.Add(cycle)})
	for number, want := range map[uint64]time.Time{7: noon, 8: noon.Add(cycle)} {
		if e := p.find(number); e == nil || !e.sent.Equal(want) {
			t.Errorf("find(%d) = %v", number, e)
		}
	}
	for _, number := range []uint64{0, 6, 9, 1 << 63} {
		if e := p.find(number); e != nil {
			t.Errorf("find(%d) = %v", number, e)
		}
	}
	if n := p.waiting(); n != 2 {
		t.Errorf("%d waiting", n)
	}
}

func TestPendingExpire(t *testing.T) {
	t.Parallel()
	p := pending{wait: time.Second}
	for i := range 4 {
		p.add(echo{sent: noon.Add(time.Duration(i) * cycle)})
	}
	p.find(1).done = true
	if lost := p.expire(noon.Add(time.Second)); lost != 0 {
		t.Errorf("%d lost at the end of the wait", lost)
	}
	if lost := p.expire(noon.Add(time.Second + 2*cycle + 1)); lost != 2 {
		t.Errorf("%d lost, want the first and the third", lost)
	}
	if p.find(0) != nil || p.find(3) == nil || p.next() != 4 {
		t.Errorf("what is left: %+v", p)
	}
}

// Every echo is answered once, lost once, or waiting; and only the newest stay.
func TestPendingProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := pending{wait: time.Second}
		at, sent, answered, lost := noon, uint64(0), uint64(0), uint64(0)
		for number := range rapid.Uint64Range(1, 200).Draw(t, "echoes") {
			at = at.Add(cycle)
			lost += p.expire(at)
			p.add(echo{sent: at})
			sent++
			if e := p.find(rapid.Uint64Range(0, number).Draw(t, "reply")); e != nil && !e.done {
				e.done = true
				answered++
			}
			if sent != answered+lost+p.waiting() {
				t.Fatalf("%d sent, %d answered, %d lost, %d waiting", sent, answered, lost, p.waiting())
			}
			if most := int(time.Second/cycle) + 1; len(p.echoes) > most {
				t.Fatalf("%d kept, more than are sent within the wait (%d)", len(p.echoes), most)
			}
		}
	})
}
