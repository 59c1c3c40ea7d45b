package measure

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"strconv"
	"strings"
)

// Columns of /proc/net/ipv6_route (net/ipv6/route.c, rt6_info_route), all
// hexadecimal but the last. procfs has no reader for this file.
const (
	col6Destination = 0
	col6PrefixLen   = 1
	col6Gateway     = 4
	col6Metric      = 5
	col6Flags       = 8
	col6Interface   = 9
	columns6        = 10
)

// defaults6 returns the IPv6 default routes in the order of the table. A
// machine without the file has no IPv6.
func (k Kernel) defaults6() ([]Route, error) {
	name := k.file("net/ipv6_route")
	table, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("IPv6: %w", err)
	}
	var routes []Route
	for line := range strings.Lines(string(table)) {
		route, ok, err := parseDefault6(strings.Fields(line))
		if err != nil {
			return nil, fmt.Errorf("%s: line %q: %w", name, strings.TrimSpace(line), err)
		}
		if ok {
			routes = append(routes, route)
		}
	}
	return routes, nil
}

// parseDefault6 reads one line; ok is false where it is no usable default route.
func parseDefault6(col []string) (route Route, ok bool, err error) {
	if len(col) != columns6 {
		return Route{}, false, fmt.Errorf("%d columns where %d are expected", len(col), columns6)
	}
	if strings.Trim(col[col6Destination], "0") != "" || strings.Trim(col[col6PrefixLen], "0") != "" {
		return Route{}, false, nil
	}
	flags, err := strconv.ParseUint(col[col6Flags], 16, 32)
	if err != nil {
		return Route{}, false, fmt.Errorf("read the flags: %w", err)
	}
	// Where there is no default route the kernel shows one that rejects.
	if flags&routeUp == 0 || flags&routeReject != 0 {
		return Route{}, false, nil
	}
	metric, err := strconv.ParseUint(col[col6Metric], 16, 32)
	if err != nil {
		return Route{}, false, fmt.Errorf("read the metric: %w", err)
	}
	gateway, err := addr6(col[col6Gateway], col[col6Interface])
	if err != nil {
		return Route{}, false, fmt.Errorf("read the gateway: %w", err)
	}
	return Route{Interface: col[col6Interface], Gateway: gateway, Metric: uint32(metric)}, true, nil
}

// addr6 is the address behind 32 hexadecimal digits. Routers announce
// themselves by link-local addresses, which mean nothing without their zone.
func addr6(digits, iface string) (netip.Addr, error) {
	var b [16]byte
	if len(digits) != hex.EncodedLen(len(b)) {
		return netip.Addr{},
			fmt.Errorf("%d digits where %d are expected", len(digits), hex.EncodedLen(len(b)))
	}
	if _, err := hex.Decode(b[:], []byte(digits)); err != nil {
		return netip.Addr{}, fmt.Errorf("decode its digits: %w", err)
	}
	addr := netip.AddrFrom16(b)
	if addr.IsUnspecified() {
		return netip.Addr{}, nil
	}
	if addr.IsLinkLocalUnicast() {
		return addr.WithZone(iface), nil
	}
	return addr, nil
}
