package measure

import (
	"context"
	"encoding/binary"
	"testing"

	"golang.org/x/sys/unix"
)

// netlinkMessage is a message of the kernel's with the beginning of its body.
func netlinkMessage(kind uint16, body ...byte) []byte {
	body = append(body, make([]byte, unix.SizeofRtMsg-len(body))...)
	m := binary.NativeEndian.AppendUint32(nil, uint32(unix.SizeofNlMsghdr+len(body)))
	m = binary.NativeEndian.AppendUint16(m, kind)
	m = append(m, make([]byte, unix.SizeofNlMsghdr-len(m))...)
	return append(m, body...)
}

func TestConcernsDefault(t *testing.T) {
	t.Parallel()
	network := netlinkMessage(unix.RTM_NEWROUTE, unix.AF_INET, 24)
	tests := []struct {
		name   string
		packet []byte
		want   bool
	}{
		{"the route to a network", network, false},
		{"it goes", netlinkMessage(unix.RTM_DELROUTE, unix.AF_INET6, 128), false},
		{"the default route", netlinkMessage(unix.RTM_NEWROUTE, unix.AF_INET, 0), true},
		{"both", append(network, netlinkMessage(unix.RTM_DELROUTE, unix.AF_INET, 0)...), true},
		{"an interface", netlinkMessage(unix.RTM_NEWLINK, 0, 24), true},
		{"an address", netlinkMessage(unix.RTM_DELADDR, unix.AF_INET, 24), true},
		{"no message", []byte{1, 2, 3}, false},
		{"a message cut off", network[:17], true},
	}
	for _, tt := range tests {
		if got := concernsDefault(tt.packet); got != tt.want {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
}

// A route that changed before anybody listened is looked at, too.
func TestWatchBeginsWithALook(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	changed, ended := make(chan struct{}, 1), make(chan struct{})
	go func() {
		defer close(ended)
		watchRoutes(ctx, false, changed)
	}()
	<-changed
	cancel()
	<-ended
}
