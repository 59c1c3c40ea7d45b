package measure

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

// ErrNoInterface reports that the kernel has no interface of the name asked for;
// the message around it lists those that exist.
var ErrNoInterface = errors.New("no such network interface")

// ErrHeldUp reports that this process did not run for a while in the midst of a measurement.
var ErrHeldUp = errors.New("this process was held up")

// Counters are the byte counters of one interface at one moment.
type Counters struct {
	// At is when they were read, with the monotonic clock.
	At time.Time
	// Index is the kernel's number of the interface, another one when it has been recreated; 0
	// where it is not known.
	Index int
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

// Counters reads the counters of an interface. Where it does not exist the error satisfies
// errors.Is(err, [ErrNoInterface]), where this process was held up meanwhile, so that nobody knows
// of which moment they are, errors.Is(err, [ErrHeldUp]).
func (k Kernel) Counters(iface string) (Counters, error) {
	begin := time.Now()
	table, err := k.fs.NetDev()
	if err != nil {
		return Counters{}, fmt.Errorf("read the interface counters: %w", err)
	}
	at := time.Now()
	if at.Sub(begin) > tolerated {
		return Counters{}, fmt.Errorf("read the interface counters: %w", ErrHeldUp)
	}
	line, ok := table[iface]
	if !ok {
		existing := strings.Join(slices.Sorted(maps.Keys(table)), ", ")
		return Counters{}, fmt.Errorf("%w: %q; there are: %s", ErrNoInterface, iface, existing)
	}
	return Counters{At: at, Index: interfaceIndex(iface),
		RxBytes: line.RxBytes, TxBytes: line.TxBytes}, nil
}

// RateSince returns the rate from an earlier reading to this one. There is none
// (ok is false) where no time has passed, where the interface was recreated, or
// where a counter has become smaller: it was reset or, at 32 bits, has wrapped,
// and nobody knows how much passed meanwhile.
func (c Counters) RateSince(earlier Counters) (rate Rate, ok bool) {
	seconds := c.At.Sub(earlier.At).Seconds()
	if seconds <= 0 || c.Index != earlier.Index ||
		c.RxBytes < earlier.RxBytes || c.TxBytes < earlier.TxBytes {
		return Rate{}, false
	}
	return Rate{
		RxMbps: mbps(c.RxBytes-earlier.RxBytes, seconds),
		TxMbps: mbps(c.TxBytes-earlier.TxBytes, seconds),
	}, true
}

// interfaceIndex returns the kernel's number of an interface, 0 where it cannot be told.
func interfaceIndex(name string) int {
	text, err := os.ReadFile("/sys/class/net/" + name + "/ifindex")
	if err != nil {
		return 0
	}
	index, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return 0
	}
	return index
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

// Rate returns the rate since the call before that had one. The first call, one after a counter was
// reset, and one in which this process was held up have none: ok is false. An interface that is
// gone is an error, errors.Is(err, [ErrNoInterface]); one that comes back starts over.
func (m *Meter) Rate() (rate Rate, ok bool, err error) {
	now, err := m.kernel.Counters(m.iface)
	if errors.Is(err, ErrHeldUp) {
		return Rate{}, false, nil
	}
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
