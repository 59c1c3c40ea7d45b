package measure

import (
	"errors"
	"testing"
)

func TestProbe(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "icmp", "tcp", "tcp:443"} {
		if p, err := ParseProbe(text); err != nil || p.String() != text {
			t.Errorf("ParseProbe(%q) = %v, %v", text, p, err)
		}
	}
	for _, text := range []string{"udp", "443", "tcp:", "tcp:0", "tcp:65536", "tcp:http", "icmp:8"} {
		if p, err := ParseProbe(text); !errors.Is(err, ErrProbe) {
			t.Errorf("ParseProbe(%q) = %v, %v", text, p, err)
		}
	}
}
