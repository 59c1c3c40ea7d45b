package measure

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"strconv"

	"github.com/prometheus/procfs"
)

// ErrNoGateway reports that the routing table names no gateway that could be
// pinged. Its message carries the way out.
var ErrNoGateway = errors.New("no default gateway to ping; name a host with --target HOST")

// Flags of a route, as in linux/route.h; IPv4 and IPv6 share these two.
const (
	routeUp     = 0x1
	routeReject = 0x200
)

// noDevice is what procfs calls the interface of a route that has none.
const noDevice = "blackhole"

// Route is a default route of this machine.
type Route struct {
	// Interface is the name of the interface that packets leave by.
	Interface string
	// Gateway is the next router, with its zone where it is link-local. It is
	// not valid on links that have no router address, such as PPP.
	Gateway netip.Addr
	// Metric is the kernel's preference, lower first.
	Metric uint32
}

// DefaultRoute returns the default route that the kernel prefers: IPv4 before
// IPv6, then the lowest metric, then the first in the table. With an interface
// name it looks only at the routes through that interface.
//
// Only the main table is read; default routes that policy rules find in other
// tables are not seen. Where there is none the error satisfies
// errors.Is(err, [ErrNoGateway]).
func (k Kernel) DefaultRoute(iface string) (Route, error) {
	for _, read := range []func() ([]Route, error){k.defaults4, k.defaults6} {
		routes, err := read()
		if err != nil {
			return Route{}, fmt.Errorf("read the routing table: %w", err)
		}
		if best, ok := preferred(routes, iface); ok {
			return best, nil
		}
	}
	if iface != "" {
		return Route{}, fmt.Errorf("find the default route of interface %s: %w", iface, ErrNoGateway)
	}
	return Route{}, fmt.Errorf("find the default route: %w", ErrNoGateway)
}

// preferred picks the route of the lowest metric, the first of equals.
func preferred(routes []Route, iface string) (best Route, ok bool) {
	for _, r := range routes {
		if iface != "" && r.Interface != iface {
			continue
		}
		if !ok || r.Metric < best.Metric {
			best, ok = r, true
		}
	}
	return best, ok
}

// defaults4 returns the IPv4 default routes in the order of the table. A
// machine without the file has no IPv4.
func (k Kernel) defaults4() ([]Route, error) {
	lines, err := k.fs.NetRoute()
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("IPv4: %w", err)
	}
	var routes []Route
	for _, l := range lines {
		if !isDefault4(l) {
			continue
		}
		routes = append(routes, Route{Interface: l.Iface, Gateway: addr4(l.Gateway), Metric: l.Metric})
	}
	return routes, nil
}

func isDefault4(l procfs.NetRouteLine) bool {
	flags := flags4(l.Flags)
	return l.Destination == 0 && l.Mask == 0 && l.Iface != noDevice &&
		flags&routeUp != 0 && flags&routeReject == 0
}

// flags4 undoes procfs's reading of the flags column, which the kernel prints
// in hexadecimal and procfs takes for decimal.
func flags4(asDecimal uint32) uint64 {
	flags, err := strconv.ParseUint(strconv.FormatUint(uint64(asDecimal), 10), 16, 64)
	if err != nil {
		return 0 // decimal digits are hexadecimal digits: not reached
	}
	return flags
}

// addr4 is the address behind a column of /proc/net/route. The kernel prints
// the four bytes as one number in the machine's own byte order.
func addr4(column uint32) netip.Addr {
	if column == 0 {
		return netip.Addr{}
	}
	var b [4]byte
	binary.NativeEndian.PutUint32(b[:], column)
	return netip.AddrFrom4(b)
}
