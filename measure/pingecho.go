package measure

import (
	"context"
	"fmt"
	"net"
	"runtime"
	"syscall"

	probing "github.com/prometheus-community/pro-bing"
)

// icmpEcho sends the echoes of one run through the library. It returns when they
// are all answered, when the library gives up, or when ctx ends, and then none
// of the library's goroutines is left.
//
// The library calls back from the goroutine that sends, so that the reply to an
// echo is never told of before the echo itself.
func (p *Pinger) icmpEcho(ctx context.Context, r *run) error {
	e := probing.New(p.cfg.Target.String())
	e.SetIPAddr(&net.IPAddr{IP: p.cfg.Target.AsSlice(), Zone: p.cfg.Target.Zone()})
	e.SetPrivileged(p.raw)
	e.SetLogger(refuser{run: r})
	e.InterfaceName = p.cfg.Interface
	e.Interval = p.cfg.Interval
	e.Count = r.left
	e.RecordRtts = false // both grow with every reply
	e.RecordTTLs = false
	e.OnSend = func(pkt *probing.Packet) { r.sent(pkt.Seq) }
	e.OnRecv = func(pkt *probing.Packet) { r.received(pkt.Seq, pkt.Rtt) }
	e.OnDuplicateRecv = func(*probing.Packet) { p.duplicate() }
	e.OnSendError = func(_ *probing.Packet, err error) { r.refused(p.failed(err)) }
	if err := e.RunWithContext(ctx); err != nil {
		return p.failed(err)
	}
	return nil
}

func (p *Pinger) failed(err error) error {
	return fmt.Errorf("ping %s: %w", p.cfg.Target, err)
}

var errProhibited = fmt.Errorf("a prohibited route or a broadcast address: %w", syscall.EACCES)

// refuser is the library's logger, and the way out of its one endless loop. When
// sending fails with EACCES the library takes the target for a broadcast address,
// says so at the info level, and tries again at once and for ever, deaf to its
// context; but a route of type "prohibit" gives the same error. (So a broadcast
// address cannot be pinged.) The rest of what it logs reaches us through its
// callbacks.
type refuser struct {
	probing.NoopLogger
	run *run
}

// Infof ends the goroutine that sends; the library's deferred calls then stop
// the others, and the run ends early like any other that failed.
func (l refuser) Infof(string, ...any) {
	l.run.refused(l.run.pinger.failed(errProhibited))
	runtime.Goexit()
}
