//go:build !linux

package measure

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"

	"golang.org/x/net/icmp"
)

// icmpSocket sends and receives ICMP messages. The kernel's own times are not to be had here.
type icmpSocket struct {
	conn *icmp.PacketConn
	to   net.Addr
}

func openICMP(target netip.Addr, iface string, raw bool) (*icmpSocket, error) {
	if iface != "" {
		return nil, fmt.Errorf("send through interface %s: %w", iface, errors.ErrUnsupported)
	}
	unprivileged, privileged := icmpNetworks(target)
	if raw {
		conn, err := icmp.ListenPacket(privileged, "")
		return &icmpSocket{conn, &net.IPAddr{IP: target.AsSlice(), Zone: target.Zone()}}, err
	}
	conn, err := icmp.ListenPacket(unprivileged, "")
	return &icmpSocket{conn, &net.UDPAddr{IP: target.AsSlice(), Zone: target.Zone()}}, err
}

func (s *icmpSocket) send(packet []byte) (at time.Time, vague bool, err error) {
	before := time.Now()
	_, err = s.conn.WriteTo(packet, s.to)
	return before, time.Since(before) > time.Millisecond, err
}

// receive reads one message into buf; with until in the past it still reads what is there.
func (s *icmpSocket) receive(buf []byte, until time.Time) (
	message []byte, noted time.Time, err error,
) {
	soon := time.Now().Add(time.Millisecond)
	if until.Before(soon) {
		until = soon
	}
	if err := s.conn.SetReadDeadline(until); err != nil {
		return nil, noted, err
	}
	n, _, err := s.conn.ReadFrom(buf)
	return buf[:n], noted, err
}

// Close ends what waits in receive.
func (s *icmpSocket) Close() error { return s.conn.Close() }
