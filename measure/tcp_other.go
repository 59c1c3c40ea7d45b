//go:build !linux

package measure

import (
	"errors"
	"fmt"
	"net"
	"syscall"
	"time"
)

// handshake does not know it here.
func handshake(net.Conn) time.Duration { return 0 }

func bindTo(_ syscall.RawConn, iface string) error {
	return fmt.Errorf("send through interface %s: %w", iface, errors.ErrUnsupported)
}
