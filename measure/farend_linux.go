package measure

import (
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
	"os"
	"syscall"
)

// farEnd returns the address at the other end of a point-to-point interface, such as one of PPP; it
// is not valid where none is configured.
func farEnd(iface string) (netip.Addr, error) {
	link, err := net.InterfaceByName(iface)
	if err != nil {
		return netip.Addr{}, fmt.Errorf("look for the far end of %s: %w", iface, err)
	}
	table, err := syscall.NetlinkRIB(syscall.RTM_GETADDR, syscall.AF_UNSPEC)
	if err != nil {
		return netip.Addr{}, os.NewSyscallError("netlink", err)
	}
	messages, err := syscall.ParseNetlinkMessage(table)
	if err != nil {
		return netip.Addr{}, os.NewSyscallError("netlink", err)
	}
	for _, m := range messages {
		if peer, ok := peerIn(m, link.Index); ok {
			return peer, nil
		}
	}
	return netip.Addr{}, nil
}

// peerIn reads an address message (linux/if_addr.h): the address of the peer is IFA_ADDRESS, and
// differs from our own, IFA_LOCAL.
func peerIn(m syscall.NetlinkMessage, index int) (peer netip.Addr, ok bool) {
	const offsetOfIndex = 4
	if m.Header.Type != syscall.RTM_NEWADDR || len(m.Data) < syscall.SizeofIfAddrmsg ||
		int(binary.NativeEndian.Uint32(m.Data[offsetOfIndex:])) != index {
		return netip.Addr{}, false
	}
	attributes, err := syscall.ParseNetlinkRouteAttr(&m)
	if err != nil {
		return netip.Addr{}, false
	}
	var local netip.Addr
	for _, a := range attributes {
		switch address, _ := netip.AddrFromSlice(a.Value); a.Attr.Type {
		case syscall.IFA_ADDRESS:
			peer = address
		case syscall.IFA_LOCAL:
			local = address
		}
	}
	return peer, local.IsValid() && peer.IsValid() && peer != local && !peer.IsUnspecified()
}
