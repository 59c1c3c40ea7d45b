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

func (p Path) valid() bool { return p.Target.IsValid() }

// ErrNoZone reports that a host is a link-local address, which is one of many without the name of
// an interface behind it. Its message carries the way out.
var ErrNoZone = errors.New("a link-local address means nothing without its interface; " +
	"name it as ADDRESS%INTERFACE or with --interface")

// ErrNoFarEnd reports that the default route names no router, and its interface no address at its
// other end. Its message carries the way out.
var ErrNoFarEnd = errors.New("no router and no far end to ping; name a host with --target HOST")

// FindPaths settles what to measure from what the user has said; both may be
// empty. There are several paths, the best first, where a host has several
// addresses.
//
//   - Without host the target is the gateway of the default route (of iface,
//     where that is given), and the interface is the one of that route. Where a
//     point-to-point link needs no gateway, it is the address of its far end.
//   - With host alone the interface is the one that the kernel uses to reach
//     it, so that loopback gives lo; where the kernel's answer names no
//     interface, that of the default route.
//   - With both, both are taken as they are.
//
// It blocks for as long as the name of the host takes to resolve, at most until
// ctx ends. errors.Is finds [ErrNoGateway] where there is no host and no
// gateway, [ErrNoFarEnd], [ErrNoZone], [ErrNoInterface] where iface does not
// exist, and [net.DNSError] (by errors.As) where the name cannot be resolved.
func (k Kernel) FindPaths(ctx context.Context, host, iface string) ([]Path, error) {
	if iface != "" {
		if _, err := k.Counters(iface); err != nil && !errors.Is(err, ErrHeldUp) {
			return nil, err
		}
	}
	if host == "" {
		path, err := k.gatewayPath(iface)
		return []Path{path}, err
	}
	targets, err := Resolve(ctx, host)
	if err != nil {
		return nil, err
	}
	var paths []Path
	var unreachable error
	for _, target := range targets {
		path, err := k.pathTo(ctx, target, iface)
		if err == nil {
			paths = append(paths, path)
		} else if unreachable == nil {
			unreachable = err
		}
	}
	if len(paths) == 0 {
		return nil, unreachable
	}
	return paths, nil
}

func (k Kernel) gatewayPath(iface string) (Path, error) {
	route, err := k.DefaultRoute(iface)
	if err != nil {
		return Path{}, err
	}
	if route.Gateway.IsValid() {
		return Path{Target: route.Gateway, Interface: route.Interface}, nil
	}
	// To ping another route's gateway would measure a line that carries nothing.
	peer, err := farEnd(route.Interface)
	if err != nil {
		return Path{}, err
	}
	if !peer.IsValid() {
		return Path{}, fmt.Errorf("the default route leaves by %s: %w", route.Interface, ErrNoFarEnd)
	}
	return Path{Target: peer, Interface: route.Interface}, nil
}

func (k Kernel) pathTo(ctx context.Context, target netip.Addr, iface string) (Path, error) {
	if target.Is6() && target.IsLinkLocalUnicast() && target.Zone() == "" {
		if iface == "" {
			return Path{}, fmt.Errorf("%s: %w", target, ErrNoZone)
		}
		target = target.WithZone(iface)
	}
	if iface != "" {
		return Path{Target: target, Interface: iface}, nil
	}
	iface, err := k.interfaceTowards(ctx, target)
	return Path{Target: target, Interface: iface}, err
}

// missing says what kind of thing an error of [Kernel.FindPaths] tells is not there.
func missing(err error) string {
	for _, kind := range []error{ErrNoGateway, ErrNoFarEnd, ErrNoZone, ErrNoInterface} {
		if errors.Is(err, kind) {
			return kind.Error()
		}
	}
	if _, ok := errors.AsType[*net.DNSError](err); ok {
		return "name"
	}
	return "route"
}

// interfaceTowards asks the kernel first, because the default route is not the
// way to hosts on other links or through policy rules.
func (k Kernel) interfaceTowards(ctx context.Context, target netip.Addr) (string, error) {
	local, err := localAddress(ctx, target)
	if err == nil {
		if name, ok := interfaceOf(local); ok {
			return name, nil
		}
		err = fmt.Errorf("no interface has the address %s", local)
	}
	route, routeErr := k.DefaultRoute("")
	if routeErr == nil {
		return route.Interface, nil
	}
	err = fmt.Errorf("find the interface that leads to %s; name one with --interface IF: %w", target,
		err)
	if errors.Is(routeErr, ErrNoGateway) {
		return "", err // it would advise to name a host
	}
	return "", fmt.Errorf("%w; %w", err, routeErr)
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

// Resolve turns a host name or the text of an address into addresses, the one
// first that the resolver prefers (RFC 6724). It blocks until the resolver
// answers or ctx ends, and does no I/O for an address.
func Resolve(ctx context.Context, host string) ([]netip.Addr, error) {
	if addr, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{addr.Unmap()}, nil
	}
	addrs, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return nil, fmt.Errorf("resolve the host to ping: %w", err)
	}
	if len(addrs) == 0 {
		return nil, fmt.Errorf("resolve the host to ping: %s has no address", host)
	}
	for i := range addrs {
		addrs[i] = addrs[i].Unmap()
	}
	return addrs, nil
}
