package measure

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"testing"
)

func TestFindPaths(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name        string
		route       string
		host, iface string
		want        Path
		err         error
	}{
		{name: "the gateway", route: default4("eth0", "192.0.2.1", "0003", 1),
			want: pathOf("192.0.2.1", "eth0")},
		{
			name: "the gateway of an interface", route: default4("eth0", "192.0.2.1", "0003", 1) +
				default4("wan2", "192.0.2.2", "0003", 2),
			iface: "wan2", want: pathOf("192.0.2.2", "wan2"),
		},
		{name: "no gateway", err: ErrNoGateway},
		{name: "a default route without a router", route: default4("lo", "0.0.0.0", "0001", 0),
			err: ErrNoFarEnd},
		{name: "link-local", host: "fe80::1", err: ErrNoZone},
		{name: "link-local with its zone", host: "fe80::1%wan2", iface: "wan2",
			want: pathOf("fe80::1%wan2", "wan2")},
		{name: "link-local through an interface", host: "fe80::1", iface: "wan2",
			want: pathOf("fe80::1%wan2", "wan2")},
		{name: "both given", host: "192.0.2.9", iface: "wan2", want: pathOf("192.0.2.9", "wan2")},
		{name: "an interface that is not there", host: "192.0.2.9", iface: "wan3", err: ErrNoInterface},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			kernel := fakeProc(t,
				map[string]string{"net/route": head4 + tt.route, "net/dev": devTable(0, 0)})
			got, err := kernel.FindPaths(t.Context(), tt.host, tt.iface)
			if !errors.Is(err, tt.err) {
				t.Fatalf("got error %v, want %v", err, tt.err)
			}
			if err == nil && (len(got) != 1 || got[0] != tt.want) {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

func pathOf(target, iface string) Path {
	return Path{Target: netip.MustParseAddr(target), Interface: iface}
}

func TestFindPathToLoopback(t *testing.T) {
	t.Parallel()
	lo := loopback(t)
	// The default route is no way to this host.
	kernel := fakeProc(t,
		map[string]string{"net/route": head4 + default4("eth0", "192.0.2.1", "0003", 1)})
	got, err := kernel.FindPaths(t.Context(), "127.0.0.1", "")
	if err != nil {
		t.Fatal(err)
	}
	if want := pathOf("127.0.0.1", lo); !slices.Equal(got, []Path{want}) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// loopback returns the name of the interface that has 127.0.0.1.
func loopback(t *testing.T) string {
	t.Helper()
	name, ok := interfaceOf(netip.MustParseAddr("127.0.0.1"))
	if !ok {
		t.Skip("this machine has no loopback interface")
	}
	i, err := net.InterfaceByName(name)
	if err != nil || i.Flags&net.FlagUp == 0 {
		t.Skip("the loopback interface is down")
	}
	return name
}

func TestFindPathWhereTheKernelHasNoAnswer(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	kernel := fakeProc(t,
		map[string]string{"net/route": head4 + default4("eth0", "192.0.2.1", "0003", 1)})
	got, err := kernel.FindPaths(ctx, "127.0.0.1", "")
	if err != nil {
		t.Fatal(err)
	}
	if want := pathOf("127.0.0.1", "eth0"); !slices.Equal(got, []Path{want}) {
		t.Errorf("got %v, want %v", got, want)
	}
	got, err = fakeProc(t, nil).FindPaths(ctx, "127.0.0.1", "")
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, %v; want the reason why the kernel gave no answer", got, err)
	}
	if errors.Is(err, ErrNoGateway) { // which advises to name a host
		t.Errorf("got %v, for a host that was named", err)
	}
}

func TestOwns(t *testing.T) {
	t.Parallel()
	addrs := []net.Addr{cidr(t, "127.0.0.1/8"), cidr(t, "192.0.2.7/24"), cidr(t, "fe80::7/64"),
		&net.UnixAddr{Name: "x"}}
	tests := map[string]bool{
		"127.0.0.1": true, "127.0.0.53": true, "192.0.2.7": true, "192.0.2.8": false, "fe80::7": true,
		"fe80::8": false,
	}
	for addr, want := range tests {
		if got := owns(addrs, netip.MustParseAddr(addr)); got != want {
			t.Errorf("owns(%s) = %v", addr, got)
		}
	}
}

func cidr(t *testing.T, s string) net.Addr {
	t.Helper()
	ip, network, err := net.ParseCIDR(s)
	if err != nil {
		t.Fatal(err)
	}
	return &net.IPNet{IP: ip, Mask: network.Mask}
}

func TestResolve(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"192.0.2.1": "192.0.2.1", "::ffff:192.0.2.1": "192.0.2.1", "2001:db8::1": "2001:db8::1",
		"fe80::1%eth0": "fe80::1%eth0",
	}
	for host, want := range tests {
		got, err := Resolve(t.Context(), host)
		if err != nil || len(got) != 1 || got[0].String() != want {
			t.Errorf("Resolve(%s) = %v, %v; want %s", host, got, err, want)
		}
	}
}

func TestResolveNothing(t *testing.T) {
	t.Parallel()
	_, err := Resolve(t.Context(), "")
	if dns := new(net.DNSError); !errors.As(err, &dns) {
		t.Errorf("got %v, want a net.DNSError", err)
	}
}
