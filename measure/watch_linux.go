package measure

import (
	"context"
	"errors"
	"os"
	"slices"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// watchRoutes tells changed whenever the kernel changes a default route, or any route where all are
// wanted, an address or an interface, until ctx ends; and once at the beginning. What the change
// was is for [Kernel] to read. Where the kernel tells nothing, a line is looked for only when it
// does not answer.
func watchRoutes(ctx context.Context, all bool, changed chan<- struct{}) {
	file, err := routeSocket()
	if err != nil {
		return
	}
	var closing sync.WaitGroup
	closing.Go(func() {
		<-ctx.Done()
		_ = file.Close() // nothing was written
	})
	defer closing.Wait()
	tell(changed) // a change between the first look and the socket has been missed
	buf := make([]byte, 1<<16)
	for {
		n, err := file.Read(buf)
		// A buffer that has overflown (ENOBUFS) tells of changes as well.
		if err != nil && !errors.Is(err, unix.ENOBUFS) {
			return
		}
		if err == nil && !all && !concernsDefault(buf[:n]) {
			continue
		}
		tell(changed)
	}
}

func tell(changed chan<- struct{}) {
	select {
	case changed <- struct{}{}:
	default: // there is one to be looked at
	}
}

// concernsDefault tells whether messages are of more than routes to some networks, of which a
// router may learn many a second.
func concernsDefault(packet []byte) bool {
	messages, err := syscall.ParseNetlinkMessage(packet)
	if err != nil {
		return true
	}
	const destinationBits = 1 // of struct rtmsg, linux/rtnetlink.h
	return slices.ContainsFunc(messages, func(m syscall.NetlinkMessage) bool {
		route := m.Header.Type == unix.RTM_NEWROUTE || m.Header.Type == unix.RTM_DELROUTE
		return !route || len(m.Data) <= destinationBits || m.Data[destinationBits] == 0
	})
}

// routeSocket opens a netlink socket that hears of changes.
func routeSocket() (*os.File, error) {
	const groups = unix.RTMGRP_LINK | unix.RTMGRP_IPV4_IFADDR | unix.RTMGRP_IPV4_ROUTE |
		unix.RTMGRP_IPV6_IFADDR | unix.RTMGRP_IPV6_ROUTE
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK,
		unix.NETLINK_ROUTE)
	if err != nil {
		return nil, os.NewSyscallError("socket", err)
	}
	file := os.NewFile(uintptr(fd), "netlink")
	address := &unix.SockaddrNetlink{Family: unix.AF_NETLINK, Groups: groups}
	if err := unix.Bind(fd, address); err != nil {
		return nil, errors.Join(os.NewSyscallError("bind", err), file.Close())
	}
	return file, nil
}
