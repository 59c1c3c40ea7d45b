package measure

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// ErrProbe reports that a text names no way of measuring.
var ErrProbe = errors.New("want icmp, tcp or tcp:PORT")

// Probe is how round-trip times are measured: by ICMP echo, or by TCP connections. The zero value
// means the first where that is permitted, else the second.
type Probe struct {
	icmp, tcp bool
	port      uint16 // 0: the first of tcpPorts that answers
}

// ParseProbe reads icmp, tcp, tcp:PORT, or nothing for the zero value. Any other text is an error,
// errors.Is(err, [ErrProbe]).
func ParseProbe(text string) (Probe, error) {
	switch text {
	case "":
		return Probe{}, nil
	case "icmp":
		return Probe{icmp: true}, nil
	case "tcp":
		return Probe{tcp: true}, nil
	}
	number, ok := strings.CutPrefix(text, "tcp:")
	port, err := strconv.ParseUint(number, 10, 16)
	if !ok || err != nil || port == 0 {
		return Probe{}, fmt.Errorf("%q: %w", text, ErrProbe)
	}
	return Probe{tcp: true, port: uint16(port)}, nil
}

// String returns what [ParseProbe] reads.
func (p Probe) String() string {
	switch {
	case p.port != 0:
		return fmt.Sprintf("tcp:%d", p.port)
	case p.tcp:
		return "tcp"
	case p.icmp:
		return "icmp"
	}
	return ""
}

// TCP tells whether round-trip times are those of TCP connections.
func (p Probe) TCP() bool { return p.tcp }

// settle decides what was left open. The error is [ErrNotPermitted] and more where the decision is
// for ICMP, and it may not be used; why is the same where the decision is against ICMP.
func (p Probe) settle() (settled Probe, why, err error) {
	if p.tcp {
		return p, nil, nil
	}
	permission := ICMPPermitted()
	if permission == nil {
		return Probe{icmp: true}, nil, nil
	}
	if p.icmp {
		return p, nil, permission
	}
	return Probe{tcp: true}, permission, nil
}
