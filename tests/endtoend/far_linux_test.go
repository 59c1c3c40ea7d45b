package endtoend

import (
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// farHost is an address behind a TUN device that answers each echo after a delay, as often as
// wanted.
type farHost struct {
	delay   time.Duration
	answers int
	loses   int // one echo of so many has no answer; 0 means none

	device *os.File
}

const farAddress = "198.51.100.1"

// newFarHost puts a far host behind tun0 in a namespace, until the test ends.
func newFarHost(t *testing.T, namespace string, host farHost) {
	t.Helper()
	inside(t, namespace, func() error {
		fd, err := unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
		if err != nil {
			return err
		}
		request, err := unix.NewIfreq("tun0")
		if err != nil {
			return err
		}
		request.SetUint16(unix.IFF_TUN | unix.IFF_NO_PI)
		if err := unix.IoctlIfreq(fd, unix.TUNSETIFF, request); err != nil {
			return err
		}
		host.device = os.NewFile(uintptr(fd), "tun0")
		return nil
	})
	for _, arguments := range [][]string{
		{"link", "set", "tun0", "up"},
		{"address", "add", "198.51.100.2", "peer", farAddress, "dev", "tun0"},
	} {
		ip(t, append([]string{"-n", namespace}, arguments...)...)
	}
	var running sync.WaitGroup
	running.Go(host.run)
	t.Cleanup(func() {
		_ = host.device.Close() // it ends run
		running.Wait()
	})
}

// run answers until the device is closed.
func (h *farHost) run() {
	var answering sync.WaitGroup
	defer answering.Wait()
	for echoes := 1; ; {
		packet := make([]byte, 1500)
		n, err := h.device.Read(packet)
		if err != nil {
			return
		}
		reply, ok := answer(packet[:n])
		if !ok {
			continue
		}
		if echoes++; h.loses > 0 && echoes%h.loses == 0 {
			continue
		}
		answering.Go(func() {
			time.Sleep(h.delay)
			for range h.answers {
				_, _ = h.device.Write(reply) // a device that is closed takes none
			}
		})
	}
}

// answer turns an ICMP echo request in an IPv4 packet into its reply.
func answer(packet []byte) (reply []byte, ok bool) {
	const icmp, request = 1, 8
	if len(packet) < 28 || packet[0] != 0x45 || packet[9] != icmp || packet[20] != request {
		return nil, false
	}
	var source [4]byte
	copy(source[:], packet[12:16])
	copy(packet[12:16], packet[16:20])
	copy(packet[16:20], source[:])
	packet[20] = 0
	// The type is the high byte of one word: the checksum grows by what the type shrinks.
	sum := uint32(packet[22])<<8 + uint32(packet[23]) + request<<8
	sum = sum&0xffff + sum>>16
	packet[22], packet[23] = byte(sum>>8), byte(sum)
	return packet, true
}

// needTUN skips the test where there are no such devices.
func needTUN(t *testing.T) {
	t.Helper()
	if _, err := os.Stat("/dev/net/tun"); err != nil {
		t.Skip(err)
	}
	if _, err := exec.LookPath("ip"); err != nil {
		t.Skip(err)
	}
}
