package measure

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// surely is how long a system call may take for the moment before it to count as that of the echo.
const surely = time.Millisecond

// icmpSocket sends and receives ICMP messages, with the times at which the kernel saw them. It
// belongs to one goroutine, but any may close it.
type icmpSocket struct {
	file *os.File
	conn syscall.RawConn
	to   unix.Sockaddr
	skip bool // messages come with their IPv4 header
	oob  []byte
}

// openICMP opens a socket to target, through iface where that is named.
func openICMP(target netip.Addr, iface string, raw bool) (*icmpSocket, error) {
	to, family, protocol, err := destination(target)
	if err != nil {
		return nil, err
	}
	kind := unix.SOCK_DGRAM
	if raw {
		kind = unix.SOCK_RAW
	}
	fd, err := unix.Socket(family, kind|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, protocol)
	if err != nil {
		return nil, os.NewSyscallError("socket", err)
	}
	file := os.NewFile(uintptr(fd), "icmp")
	if err := prepareICMP(fd, family, iface, raw); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	conn, err := file.SyscallConn()
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return &icmpSocket{file: file, conn: conn, to: to, skip: raw && family == unix.AF_INET,
		oob: make([]byte, 512)}, nil
}

func destination(target netip.Addr) (to unix.Sockaddr, family, protocol int, err error) {
	if target.Is4() {
		return &unix.SockaddrInet4{Addr: target.As4()}, unix.AF_INET, unix.IPPROTO_ICMP, nil
	}
	address := &unix.SockaddrInet6{Addr: target.As16()}
	if zone := target.Zone(); zone != "" {
		iface, err := net.InterfaceByName(zone)
		if err != nil {
			return nil, 0, 0, fmt.Errorf("zone %s: %w", zone, err)
		}
		address.ZoneId = uint32(iface.Index)
	}
	return address, unix.AF_INET6, unix.IPPROTO_ICMPV6, nil
}

// prepareICMP asks for the kernel's times: when a reply comes in, and when an echo reaches the
// queue of the interface, which is where waiting begins. A kernel that has none is no error.
func prepareICMP(fd, family int, iface string, raw bool) error {
	const times = unix.SOF_TIMESTAMPING_RX_SOFTWARE | unix.SOF_TIMESTAMPING_TX_SCHED |
		unix.SOF_TIMESTAMPING_SOFTWARE | unix.SOF_TIMESTAMPING_OPT_TSONLY
	_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_TIMESTAMPING, times)
	if raw {
		onlyReplies(fd, family)
	}
	if iface == "" {
		return nil
	}
	return os.NewSyscallError("bind to interface "+iface, unix.BindToDevice(fd, iface))
}

// onlyReplies has the kernel sort out what is no echo reply. We would do so too, if it did not.
func onlyReplies(fd, family int) {
	if family == unix.AF_INET {
		const icmpFilter, echoReply = 1, 0 // linux/icmp.h
		_ = unix.SetsockoptInt(fd, unix.SOL_RAW, icmpFilter, ^(1 << echoReply))
		return
	}
	const echoReply = 129
	var filter unix.ICMPv6Filter
	for i := range filter.Data {
		filter.Data[i] = ^uint32(0)
	}
	filter.Data[echoReply>>5] &^= 1 << (echoReply & 31)
	_ = unix.SetsockoptICMPv6Filter(fd, unix.IPPROTO_ICMPV6, unix.ICMPV6_FILTER, &filter)
}

// send sends a message and returns when it left; it is vague where this process was held up
// meanwhile and the kernel does not know either.
func (s *icmpSocket) send(packet []byte) (at time.Time, vague bool, err error) {
	before := time.Now()
	controlErr := s.conn.Control(func(fd uintptr) {
		err = unix.Sendto(int(fd), packet, 0, s.to)
	})
	after := time.Now()
	if controlErr != nil {
		return before, false, os.ErrClosed // which is all that it can be, and not what it says
	}
	if err != nil {
		return before, false, os.NewSyscallError("sendto", err)
	}
	if queued, ok := s.queuedBetween(before, after); ok {
		return before.Add(queued.Sub(before.Round(0))), false, nil
	}
	return before, after.Sub(before) > surely, nil
}

// queuedBetween reads the kernel's times of sending and returns the one between two moments, which
// is that of the only message that was sent then. Those of messages that waited for the address of
// their next hop come later; theirs is the moment before.
func (s *icmpSocket) queuedBetween(before, after time.Time) (queued time.Time, ok bool) {
	for {
		_, noted, err := s.receiveNow(nil, unix.MSG_ERRQUEUE)
		if err != nil {
			return queued, ok
		}
		if !noted.Before(before.Round(0)) && !noted.After(after.Round(0)) {
			queued, ok = noted, true
		}
	}
}

// receive reads one message into buf and returns when the kernel noted it, by the wall clock, zero
// where it did not. It reads what is there, and else waits until a moment; then the error is
// [os.ErrDeadlineExceeded].
func (s *icmpSocket) receive(buf []byte, until time.Time) (
	message []byte, noted time.Time, err error,
) {
	message, noted, err = s.receiveNow(buf, 0)
	if !errors.Is(err, unix.EAGAIN) {
		return message, noted, err
	}
	if err := s.file.SetReadDeadline(until); err != nil {
		return nil, noted, err
	}
	waitErr := s.conn.Read(func(fd uintptr) bool {
		message, noted, err = s.read(int(fd), buf, 0)
		return !errors.Is(err, unix.EAGAIN)
	})
	if waitErr != nil {
		return nil, noted, waitErr
	}
	return message, noted, err
}

// receiveNow reads without waiting.
func (s *icmpSocket) receiveNow(buf []byte, flags int) (
	message []byte, noted time.Time, err error,
) {
	controlErr := s.conn.Control(func(fd uintptr) {
		message, noted, err = s.read(int(fd), buf, flags)
	})
	if controlErr != nil {
		return nil, noted, os.ErrClosed // as in send
	}
	return message, noted, err
}

func (s *icmpSocket) read(fd int, buf []byte, flags int) ([]byte, time.Time, error) {
	n, oobn, _, _, err := unix.Recvmsg(fd, buf, s.oob, flags|unix.MSG_DONTWAIT)
	if err != nil {
		return nil, time.Time{}, os.NewSyscallError("recvmsg", err)
	}
	message := buf[:n]
	if s.skip && len(message) > 0 {
		message = message[min(int(message[0]&0xf)*4, len(message)):]
	}
	return message, notedAt(s.oob[:oobn]), nil
}

// notedAt finds the kernel's time among control messages.
func notedAt(oob []byte) time.Time {
	messages, err := unix.ParseSocketControlMessage(oob)
	if err != nil {
		return time.Time{}
	}
	for _, m := range messages {
		if m.Header.Level != unix.SOL_SOCKET || m.Header.Type != unix.SCM_TIMESTAMPING {
			continue
		}
		const word = int(unsafe.Sizeof(unix.Timespec{}.Sec))
		if len(m.Data) < 2*word {
			continue
		}
		seconds, nanos := word64(m.Data[:word]), word64(m.Data[word:2*word])
		if seconds != 0 {
			return time.Unix(seconds, nanos)
		}
	}
	return time.Time{}
}

// word64 reads a number of the kernel's, of 32 or 64 bits.
func word64(b []byte) int64 {
	if len(b) == 4 {
		return int64(int32(binary.NativeEndian.Uint32(b)))
	}
	return int64(binary.NativeEndian.Uint64(b))
}

// Close ends what waits in receive.
func (s *icmpSocket) Close() error { return s.file.Close() }
