package measure

import (
	"net"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// handshake returns the round-trip time that the kernel has measured of a connection that was just
// made, 0 where it has none.
func handshake(conn net.Conn) (rtt time.Duration) {
	tcp, ok := conn.(*net.TCPConn)
	if !ok {
		return 0
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return 0
	}
	_ = raw.Control(func(fd uintptr) { // a connection that is closed has none
		info, err := unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO)
		if err == nil {
			rtt = time.Duration(info.Rtt) * time.Microsecond
		}
	})
	return rtt
}

// bindTo has a socket send through an interface, whatever the routing table says.
func bindTo(conn syscall.RawConn, iface string) (err error) {
	controlErr := conn.Control(func(fd uintptr) {
		err = os.NewSyscallError("bind to interface "+iface, unix.BindToDevice(int(fd), iface))
	})
	if controlErr != nil {
		return controlErr
	}
	return err
}
