package measure

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// ErrNoInterface says that the kernel has no interface of the name asked for;
// the message around it lists those that exist.
var ErrNoInterface = errors.New("no such network interface")

// Counters are the byte counters of one interface at one moment.
type Counters struct {
	// At is when they were read, with the monotonic clock.
	At time.Time
	// RxBytes is what the interface has received since it exists.
	RxBytes uint64
	// TxBytes is what the interface has sent since it exists.
	TxBytes uint64
}

// Rate is what passed an interface between two readings, in Mbit/s (1e6 bit).
type Rate struct {
	// RxMbps is the download.
	RxMbps float64
	// TxMbps is the upload.
	TxMbps float64
}

// Counters reads the counters of an interface. Where it does not exist the
// error satisfies errors.Is(err, [ErrNoInterface]).
func (k Kernel) Counters(iface string) (Counters, error) {
	table, err := k.fs.NetDev()
	if err != nil {
		return Counters{}, fmt.Errorf("read the interface counters: %w", err)
	}
	at := time.Now()
	line, ok := table[iface]
	if !ok {
		existing := strings.Join(slices.Sorted(maps.Keys(table)), ", ")
		return Counters{}, fmt.Errorf("%w: %q; there are: %s", ErrNoInterface, iface, existing)
	}
	return Counters{At: at, RxBytes: line.RxBytes, TxBytes: line.TxBytes}, nil
}

// RateSince returns the rate from an earlier reading to this one. There is none
// (ok is false) where no time has passed, or where a counter has become smaller:
// the interface was recreated or its counter has wrapped, and nobody knows how
// much passed meanwhile.
func (c Counters) RateSince(earlier Counters) (rate Rate, ok bool) {
	seconds := c.At.Sub(earlier.At).Seconds()
	if seconds <= 0 || c.RxBytes < earlier.RxBytes || c.TxBytes < earlier.TxBytes {
		return Rate{}, false
	}
	return Rate{
		RxMbps: mbps(c.RxBytes-earlier.RxBytes, seconds),
		TxMbps: mbps(c.TxBytes-earlier.TxBytes, seconds),
	}, true
}

func mbps(bytes uint64, seconds float64) float64 {
	return float64(bytes) * 8 / 1e6 / seconds
}

// Meter follows the rate of one interface from one call to the next. It belongs
// to one goroutine.
type Meter struct {
	kernel Kernel
	iface  string
	last   Counters
	primed bool
}

// NewMeter returns a meter of the interface; it reads nothing yet.
func (k Kernel) NewMeter(iface string) *Meter {
	return &Meter{kernel: k, iface: iface}
}

// Rate returns the rate since the call before. The first call, and one after a
// counter was reset, have none: ok is false. An interface that is gone is an
// error, errors.Is(err, [ErrNoInterface]); one that comes back starts over.
func (m *Meter) Rate() (rate Rate, ok bool, err error) {
	now, err := m.kernel.Counters(m.iface)
	if err != nil {
		m.primed = false
		return Rate{}, false, err
	}
	if m.primed {
		rate, ok = now.RateSince(m.last)
	}
	m.last, m.primed = now, true
	return rate, ok, nil
}
