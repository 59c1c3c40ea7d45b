package measure

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"sync"
	"syscall"
	"time"
)

const (
	// tcpInterval is the least time between two connections: they cost the other side more than an
	// echo does.
	tcpInterval = time.Second
	// tcpAgain is when a kernel sends the first packet of a connection again (RFC 6298). An answer
	// after that may be to either one.
	tcpAgain = 900 * time.Millisecond
)

// tcpPorts are tried where no port is named, all of them at once until one answers.
var tcpPorts = []uint16{53, 443, 80, 22}

// knocker measures round-trip times by TCP connections: from the first packet of one to the answer,
// and a refusal is an answer.
type knocker struct {
	interval, wait time.Duration
	iface          string // to connect through whatever the routing table says, where named
	books          *ledger
	ports          []uint16
	// [connect], but for tests.
	connect func(ctx context.Context, to netip.AddrPort, iface string) knock
}

// knock is what came of a connection.
type knock struct {
	arrival
	port uint16
	err  error // there was no answer
}

func newKnocker(cfg LineConfig, books *ledger) *knocker {
	k := &knocker{interval: cfg.echoInterval(), wait: cfg.Wait, iface: cfg.Interface, books: books,
		ports: tcpPorts, connect: connect}
	if cfg.Probe.port != 0 {
		k.ports = []uint16{cfg.Probe.port}
	}
	return k
}

// run connects to the target of a path until ctx ends, and returns once every goroutine it has
// started is gone.
func (k *knocker) run(ctx context.Context, path Path) {
	var rounds sync.WaitGroup
	defer rounds.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // runs before the wait above
	beats := time.NewTicker(beat)
	defer beats.Stop()
	knocks := make(chan knock)
	ports, unanswered := k.ports, 0
	now := time.Now()
	due := now // the next round
	var stall stall
	for {
		if !now.Before(due) {
			due = due.Add(k.interval + now.Sub(due).Truncate(k.interval))
			if unanswered++; unanswered > silentFor {
				ports = k.ports
			}
			number, tried := k.books.next(), ports
			k.books.sent(now, false)
			rounds.Go(func() { k.round(ctx, path.Target, tried, number, knocks) })
		}
		slept := now
		select {
		case <-ctx.Done():
			return
		case got := <-knocks:
			now = time.Now()
			stall.woke(slept, slept.Add(beat), now)
			if k.note(got, &stall, path) {
				ports, unanswered = []uint16{got.port}, 0
			}
		case <-beats.C:
			now = time.Now()
			stall.woke(slept, slept.Add(beat), now)
			if now.Sub(stall.until) > tolerated { // else answers are about to be read
				k.books.expire(now)
			}
		}
	}
}

// note tells whether it was an answer.
func (k *knocker) note(got knock, stall *stall, path Path) bool {
	if got.err == nil {
		k.books.received(got.arrival, stall)
		return true
	}
	if neverLeft(got.err) {
		k.books.withdraw(got.number, failure(path, got.err))
	}
	return false
}

// neverLeft tells errors of this machine from those of the line.
func neverLeft(err error) bool {
	for _, own := range []error{
		syscall.ENETUNREACH, syscall.ENETDOWN, syscall.EACCES, syscall.EPERM, syscall.ENODEV,
		syscall.EADDRNOTAVAIL, syscall.EINVAL, syscall.EMFILE, syscall.ENFILE, syscall.EAFNOSUPPORT,
	} {
		if errors.Is(err, own) {
			return true
		}
	}
	return false
}

// round connects to all ports at once and tells of the first answer, or that there was none.
func (k *knocker) round(
	ctx context.Context, target netip.Addr, ports []uint16, number uint64, knocks chan<- knock,
) {
	var connecting sync.WaitGroup
	defer connecting.Wait()
	limited, cancel := context.WithTimeout(ctx, k.wait)
	defer cancel() // runs before the wait above
	results := make(chan knock, len(ports))
	for _, port := range ports {
		connecting.Go(func() {
			got := k.connect(limited, netip.AddrPortFrom(target, port), k.iface)
			got.number, got.port = number, port
			results <- got
		})
	}
	var got knock
	for range ports {
		if got = <-results; got.err == nil {
			break
		}
	}
	select {
	case knocks <- got:
	case <-ctx.Done():
	}
}

// connect makes a connection and closes it. The kernel knows how long a connection took to be made;
// how long a refusal took it does not say.
func connect(ctx context.Context, to netip.AddrPort, iface string) knock {
	dialer := net.Dialer{KeepAlive: -1}
	if iface != "" {
		dialer.Control = func(_, _ string, conn syscall.RawConn) error { return bindTo(conn, iface) }
	}
	begin := time.Now()
	conn, err := dialer.DialContext(ctx, "tcp", to.String())
	got := knock{arrival: arrival{read: time.Now()}}
	got.vague = got.read.Sub(begin) > tcpAgain
	switch {
	case err == nil:
		got.rtt = handshake(conn)
		_ = conn.Close() // nothing was written
	case errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, syscall.ECONNRESET):
	default:
		got.err = err
	}
	return got
}
