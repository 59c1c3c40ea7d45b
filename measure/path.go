package measure

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
)

// Path is what is measured: the host that answers echoes and the interface
// whose bytes are counted.
type Path struct {
	// Target is the address to ping, with its zone where it is link-local.
	Target netip.Addr
	// Interface is the name of the interface to count.
	Interface string
}

// FindPath settles what to measure from what the user has said; both may be
// empty.
//
//   - Without host the target is the gateway of the default route (of iface,
//     where that is given), and the interface is the one of that route.
//   - With host alone the interface is the one that the kernel uses to reach
//     it, so that loopback gives lo; where the kernel's answer names no
//     interface, that of the default route.
//   - With both, both are taken as they are.
//
// It blocks for as long as the name of the host takes to resolve, at most until
// ctx ends. errors.Is finds [ErrNoGateway] where there is no host and no
// gateway, [ErrNoInterface] where iface does not exist, and [net.DNSError]
// (by errors.As) where the name cannot be resolved.
func (k Kernel) FindPath(ctx context.Context, host, iface string) (Path, error) {
	if iface != "" {
		if _, err := k.Counters(iface); err != nil {
			return Path{}, err
		}
	}
	if host == "" {
		return k.gatewayPath(iface)
	}
	target, err := Resolve(ctx, host)
	if err != nil {
		return Path{}, err
	}
	if iface != "" {
		return Path{Target: target, Interface: iface}, nil
	}
	iface, err = k.interfaceTowards(ctx, target)
	if err != nil {
		return Path{}, err
	}
	return Path{Target: target, Interface: iface}, nil
}

func (k Kernel) gatewayPath(iface string) (Path, error) {
	route, err := k.DefaultRoute(iface)
	if err != nil {
		return Path{}, err
	}
	// To ping another route's gateway would measure a line that carries nothing.
	if !route.Gateway.IsValid() {
		return Path{},
			fmt.Errorf("the default route leaves by %s and names no router: %w", route.Interface,
				ErrNoGateway)
	}
	return Path{Target: route.Gateway, Interface: route.Interface}, nil
}

// interfaceTowards asks the kernel first, because the default route is not the
// way to hosts on other links or through policy rules.
func (k Kernel) interfaceTowards(ctx context.Context, target netip.Addr) (string, error) {
	local, err := localAddress(ctx, target)
	if err == nil {
		if name, ok := interfaceOf(local); ok {
			return name, nil
		}
	}
	route, routeErr := k.DefaultRoute("")
	if routeErr == nil {
		return route.Interface, nil
	}
	return "", fmt.Errorf("find the interface that leads to %s; name one with --interface IF: %w",
		target, errors.Join(err, routeErr))
}

// localAddress returns the address from which the kernel would send to target.
// Connecting a UDP socket makes the kernel choose it and sends nothing.
func localAddress(ctx context.Context, target netip.Addr) (netip.Addr, error) {
	const discard = 9 // any port does
	var d net.Dialer
	conn, err := d.DialContext(ctx, "udp", netip.AddrPortFrom(target, discard).String())
	if err != nil {
		return netip.Addr{}, fmt.Errorf("ask the kernel for a route: %w", err)
	}
	defer conn.Close()
	local, err := netip.ParseAddrPort(conn.LocalAddr().String())
	if err != nil {
		return netip.Addr{}, fmt.Errorf("read the local address: %w", err)
	}
	return local.Addr().Unmap(), nil
}

// interfaceOf returns the interface that owns addr; the whole of 127.0.0.0/8
// belongs to the interface that has any address in it.
func interfaceOf(addr netip.Addr) (string, bool) {
	interfaces, err := net.Interfaces()
	if err != nil {
		return "", false
	}
	for _, i := range interfaces {
		if addr.Zone() != "" && addr.Zone() != i.Name {
			continue
		}
		addrs, err := i.Addrs()
		if err != nil {
			continue // an interface may go while we look
		}
		if owns(addrs, addr.WithZone("")) {
			return i.Name, true
		}
	}
	return "", false
}

func owns(addrs []net.Addr, addr netip.Addr) bool {
	for _, a := range addrs {
		prefix, err := netip.ParsePrefix(a.String())
		if err != nil {
			continue
		}
		if prefix.Addr() == addr {
			return true
		}
		if addr.IsLoopback() && prefix.Contains(addr) {
			return true
		}
	}
	return false
}

// Resolve turns a host name or the text of an address into an address, the
// first that the resolver prefers (RFC 6724). It blocks until the resolver
// answers or ctx ends, and does no I/O for an address.
func Resolve(ctx context.Context, host string) (netip.Addr, error) {
	if addr, err := netip.ParseAddr(host); err == nil {
		return addr.Unmap(), nil
	}
	addrs, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return netip.Addr{}, fmt.Errorf("resolve the host to ping: %w", err)
	}
	if len(addrs) == 0 {
		return netip.Addr{}, fmt.Errorf("resolve the host to ping: %s has no address", host)
	}
	return addrs[0].Unmap(), nil
}
