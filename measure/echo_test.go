package measure

import (
	"net/netip"
	"testing"
)

func TestEchoFormat(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		target string
		reply  byte
	}{{"192.0.2.1", 0}, {"2001:db8::1", 129}} {
		f := newEchoFormat(netip.MustParseAddr(c.target), 7<<40)
		packet, err := f.packet(1<<20 + 5)
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := f.number(packet); ok {
			t.Errorf("%s: our own request is taken for a reply", c.target)
		}
		packet[0] = c.reply
		if number, ok := f.number(packet); !ok || number != 1<<20+5 {
			t.Errorf("%s: number %d, %v", c.target, number, ok)
		}
		for _, other := range [][]byte{nil, packet[:7], packet[:20]} {
			if number, ok := f.number(other); ok {
				t.Errorf("%s: %x is taken for reply %d", c.target, other, number)
			}
		}
		f.token++
		if _, ok := f.number(packet); ok {
			t.Errorf("%s: a reply to somebody else is taken for ours", c.target)
		}
	}
}
