package measure

import (
	"errors"
	"fmt"
	"io/fs"
	"net/netip"

	"golang.org/x/net/icmp"
)

// ErrNotPermitted reports that this process may open neither kind of ICMP socket.
// Its message says what allows it.
var ErrNotPermitted = errors.New("sending ICMP echoes is not permitted; either let this group " +
	"use unprivileged ICMP sockets: sysctl -w net.ipv4.ping_group_range=\"0 2147483647\", or give " +
	"the program CAP_NET_RAW: setcap cap_net_raw+ep PROGRAM")

// ICMPPermitted tells whether this process may ping: it is nil, or an error for which
// errors.Is(err, [ErrNotPermitted]) holds. It opens sockets and closes them; nothing is sent.
func ICMPPermitted() error {
	_, err := rawSocketNeeded(netip.IPv4Unspecified())
	if err == nil || errors.Is(err, ErrNotPermitted) {
		return err
	}
	_, err = rawSocketNeeded(netip.IPv6Unspecified()) // for a machine that has no IPv4
	return err
}

// rawSocketNeeded tries which kind of socket may be opened to ping target: the
// unprivileged one first, because it lets the kernel pick out our replies, then
// the raw one. It opens and closes them; nothing is sent.
func rawSocketNeeded(target netip.Addr) (raw bool, err error) {
	unprivileged, privileged := icmpNetworks(target)
	udpErr := canListen(unprivileged)
	if udpErr == nil {
		return false, nil
	}
	rawErr := canListen(privileged)
	if rawErr == nil {
		return true, nil
	}
	return false, socketError(udpErr, rawErr)
}

// icmpNetworks are the names of both kinds of socket to a host.
func icmpNetworks(target netip.Addr) (unprivileged, privileged string) {
	if target.Is4() {
		return "udp4", "ip4:icmp"
	}
	return "udp6", "ip6:ipv6-icmp"
}

// socketError says why no socket could be had. Where any of the two was denied,
// a permission is what is missing; else the machine lacks the protocol.
func socketError(udpErr, rawErr error) error {
	cause := fmt.Errorf("unprivileged: %w; raw: %w", udpErr, rawErr)
	if errors.Is(cause, fs.ErrPermission) {
		return fmt.Errorf("%w (%w)", ErrNotPermitted, cause)
	}
	return fmt.Errorf("open an ICMP socket: %w", cause)
}

func canListen(network string) error {
	conn, err := icmp.ListenPacket(network, "")
	if err != nil {
		return fmt.Errorf("open: %w", err)
	}
	if err := conn.Close(); err != nil {
		return fmt.Errorf("close: %w", err)
	}
	return nil
}
