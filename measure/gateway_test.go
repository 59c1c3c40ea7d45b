package measure

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
)

const (
	head4 = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"
	// What a kernel shows that has IPv6 and no default route.
	reject6 = "00000000000000000000000000000000 00 00000000000000000000000000000000 00 " +
		"00000000000000000000000000000000 ffffffff 00000001 00000000 00200200       lo\n"
)

// column4 prints an address as this machine's kernel would.
func column4(addr string) string {
	b := netip.MustParseAddr(addr).As4()
	return fmt.Sprintf("%08X", binary.NativeEndian.Uint32(b[:]))
}

func line4(iface, destination, gateway, flags string, metric uint32, mask string) string {
	return fmt.Sprintf("%s\t%s\t%s\t%s\t0\t0\t%d\t%s\t0\t0\t0   \n",
		iface, column4(destination), column4(gateway), flags, metric, column4(mask))
}

func default4(iface, gateway, flags string, metric uint32) string {
	return line4(iface, "0.0.0.0", gateway, flags, metric, "0.0.0.0")
}

func default6(iface, gateway, metric, flags string) string {
	b := netip.MustParseAddr(gateway).As16()
	return fmt.Sprintf("%032d 00 %032d 00 %x %s 00000001 00000000 %s %8s\n", 0, 0, b, metric, flags,
		iface)
}

func TestDefaultRoute(t *testing.T) {
	t.Parallel()
	lan := line4("eth0", "192.0.2.0", "0.0.0.0", "0001", 0, "255.255.255.0")
	tests := []struct {
		name          string
		route, route6 string
		iface         string
		want          string // interface and gateway; empty means ErrNoGateway
	}{
		{name: "one", route: lan + default4("eth0", "192.0.2.1", "0003", 100), want: "eth0 192.0.2.1"},
		{
			name: "the lowest metric", route: default4("wlan0", "198.51.100.1", "0003", 600) +
				default4("eth0", "192.0.2.1", "0003", 100),
			want: "eth0 192.0.2.1",
		},
		{name: "the first of equals", route: default4("a", "192.0.2.1", "0003", 1) +
			default4("b", "192.0.2.2", "0003", 1), want: "a 192.0.2.1"},
		{
			name: "of one interface", route: default4("eth0", "192.0.2.1", "0003", 1) +
				default4("wan2", "198.51.100.1", "0003", 2),
			iface: "wan2", want: "wan2 198.51.100.1",
		},
		{name: "of an interface without", route: default4("eth0", "192.0.2.1", "0003", 1), iface: "wan2"},
		{name: "down", route: default4("eth0", "192.0.2.1", "0002", 1)},
		{name: "unreachable", route: default4("eth0", "0.0.0.0", "0201", 1)},
		{name: "blackhole", route: default4("*", "0.0.0.0", "0001", 1)},
		{name: "half the internet is no default",
			route: line4("tun0", "0.0.0.0", "10.0.0.1", "0003", 0, "128.0.0.0")},
		{name: "no router on a point-to-point link", route: default4("ppp0", "0.0.0.0", "0001", 0),
			want: "ppp0 invalid IP"},
		{
			name: "IPv4 before IPv6", route: default4("eth0", "192.0.2.1", "0003", 500),
			route6: default6("eth1", "2001:db8::1", "00000001", "00000003"),
			want:   "eth0 192.0.2.1",
		},
		{name: "IPv6", route6: default6("eth1", "2001:db8::1", "00000400", "00000003") + reject6,
			want: "eth1 2001:db8::1"},
		{name: "IPv6 link-local has its zone",
			route6: default6("eth1", "fe80::1", "00000400", "00450003"), want: "eth1 fe80::1%eth1"},
		{
			name: "IPv6 metric is hexadecimal", route6: default6("a", "fe80::1", "00000100", "00000003") +
				default6("b", "fe80::2", "000000ff", "00000003"),
			want: "b fe80::2%b",
		},
		{name: "IPv6 none", route6: reject6},
		{name: "nothing"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			kernel := fakeProc(t,
				map[string]string{"net/route": head4 + tt.route, "net/ipv6_route": tt.route6})
			got, err := kernel.DefaultRoute(tt.iface)
			if tt.want == "" {
				checkNoGateway(t, err)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if s := got.Interface + " " + got.Gateway.String(); s != tt.want {
				t.Errorf("got %s, want %s", s, tt.want)
			}
		})
	}
}

func checkNoGateway(t *testing.T, err error) {
	t.Helper()
	if !errors.Is(err, ErrNoGateway) {
		t.Fatalf("got error %v, want ErrNoGateway", err)
	}
	if !strings.Contains(err.Error(), "--target HOST") {
		t.Errorf("error %q gives no advice", err)
	}
}

func TestDefaultRouteOfAMachineWithoutNetwork(t *testing.T) {
	t.Parallel()
	_, err := fakeProc(t, nil).DefaultRoute("")
	checkNoGateway(t, err)
}

func TestDefaultRouteDamaged(t *testing.T) {
	t.Parallel()
	whole := strings.TrimSpace(default6("eth0", "fe80::1", "00000400", "00000003"))
	tests := map[string]map[string]string{
		"IPv4":         {"net/route": head4 + "eth0 zz\n"},
		"IPv6 columns": {"net/ipv6_route": "fe80 0\n"},
		"IPv6 flags":   {"net/ipv6_route": strings.Replace(whole, "00000003", "0000000x", 1)},
		"IPv6 metric":  {"net/ipv6_route": strings.Replace(whole, "00000400", "0000040x", 1)},
		"IPv6 gateway": {"net/ipv6_route": strings.Replace(whole, "fe80", "fe8x", 1)},
		"IPv6 short":   {"net/ipv6_route": strings.Replace(whole, "fe80", "fe", 1)},
	}
	for name, files := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			route, err := fakeProc(t, files).DefaultRoute("")
			if err == nil || errors.Is(err, ErrNoGateway) {
				t.Errorf("got %v, %v; want an error of reading", route, err)
			}
		})
	}
}
