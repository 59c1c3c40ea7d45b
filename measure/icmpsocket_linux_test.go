package measure

import (
	"errors"
	"iter"
	"net/netip"
	"os"
	"testing"
	"time"
)

// The kernel notes when an echo leaves and when its reply comes, on both kinds of socket. It begins
// to do so a moment after the first socket asks for it.
func TestKernelNotesBothTimes(t *testing.T) {
	t.Parallel()
	for raw, socket := range sockets(t) {
		if !notesBothTimes(t, socket) {
			t.Errorf("raw %v: the kernel notes no times", raw)
		}
		if err := socket.Close(); err != nil {
			t.Error(err)
		}
	}
}

// sockets opens the sockets of both kinds, unprivileged and raw, that this process may open.
func sockets(t *testing.T) iter.Seq2[bool, *icmpSocket] {
	t.Helper()
	return func(yield func(raw bool, socket *icmpSocket) bool) {
		for _, raw := range []bool{false, true} {
			socket, err := openICMP(localhost, "", raw)
			switch {
			case errors.Is(err, os.ErrPermission):
				t.Logf("raw %v: %v", raw, err)
			case err != nil:
				t.Fatal(err)
			case !yield(raw, socket):
				return
			}
		}
	}
}

func notesBothTimes(t *testing.T, socket *icmpSocket) bool {
	t.Helper()
	format := newEchoFormat(localhost, 42)
	for number := range uint64(1000) {
		packet, err := format.packet(number)
		if err != nil {
			t.Fatal(err)
		}
		before := time.Now()
		sent, vague, err := socket.send(packet)
		if err != nil || vague || sent.Before(before) {
			t.Fatalf("sent at %v, vague %v: %v", sent, vague, err)
		}
		_, noted, err := socket.receive(make([]byte, 1500), before.Add(time.Minute))
		if err != nil {
			t.Fatal(err)
		}
		if sent.After(before) && !noted.IsZero() {
			if at := (arrival{noted: noted, read: time.Now()}); at.noted.Before(sent.Round(0)) {
				t.Errorf("sent at %v, and back at %v", sent, noted)
			}
			return true
		}
	}
	return false
}

// A line that is followed elsewhere, or ends, closes a socket that somebody is about to send by.
// That is no echo that could not be sent.
func TestClosedSocket(t *testing.T) {
	t.Parallel()
	for raw, socket := range sockets(t) {
		if err := socket.Close(); err != nil {
			t.Fatal(err)
		}
		if _, _, err := socket.send([]byte("echo")); !errors.Is(err, os.ErrClosed) {
			t.Errorf("raw %v: sent: got error %v, want %v", raw, err, os.ErrClosed)
		}
		if _, _, err := socket.receive(nil, time.Now()); !errors.Is(err, os.ErrClosed) {
			t.Errorf("raw %v: received: got error %v, want %v", raw, err, os.ErrClosed)
		}
	}
}

// A deadline that has passed is no reason not to read what is there.
func TestReceiveReadsWhatIsThere(t *testing.T) {
	t.Parallel()
	raw, err := rawSocketNeeded(localhost)
	if err != nil {
		t.Skip(err)
	}
	socket, err := openICMP(localhost, "", raw)
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	format := newEchoFormat(localhost, 43)
	packet, err := format.packet(1)
	if err == nil {
		_, _, err = socket.send(packet) // the loopback answers before this returns
	}
	if err != nil {
		t.Fatal(err)
	}
	for { // a raw socket hears the replies to others, too
		message, _, err := socket.receive(make([]byte, 1500), time.Now().Add(-time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		if number, ok := format.number(message); ok && number == 1 {
			return
		}
	}
}

func TestZoneThatIsNotThere(t *testing.T) {
	t.Parallel()
	if _, err := openICMP(netip.MustParseAddr("fe80::1%nosuch0"), "", true); err == nil {
		t.Error("no error")
	}
}
