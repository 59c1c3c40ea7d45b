package api

import (
	"net"
	"testing"
)

// One connection more than there may be is accepted when another one ends.
func TestConnectionsAreCapped(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := newCapped(listener)
	accepted := make(chan net.Conn)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			conn, err := c.Accept()
			if err != nil {
				return
			}
			accepted <- conn
		}
	}()
	var clients, served []net.Conn
	dial := func() {
		conn, err := net.Dial("tcp", listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		clients = append(clients, conn)
	}
	for range maxConnections {
		dial()
		served = append(served, <-accepted)
	}
	dial()
	select {
	case <-accepted:
		t.Fatal("one too many was accepted")
	default:
	}
	for range 2 { // closing twice makes room once
		_ = served[0].Close()
	}
	served = append(served, <-accepted)
	if got := len(c.slots); got != maxConnections {
		t.Errorf("%d of %d taken", got, maxConnections)
	}
	if err := c.Close(); err != nil { // also while Accept waits for room
		t.Error(err)
	}
	<-ended
	for _, conn := range append(clients, served...) {
		_ = conn.Close()
	}
	if got := len(c.slots); got != 0 {
		t.Errorf("%d taken at the end", got)
	}
}
