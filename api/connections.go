package api

import (
	"net"
	"net/http"
	"sync"
)

// maxConnections bounds the descriptors that clients take from a process which has other files to
// open.
const maxConnections = 64

// capped accepts no more connections than maxConnections at once. It is written here because a
// connection of netutil.LimitListener cannot be closed for writing alone: net/http then resets it
// while its client still sends, and the client never sees why it was refused.
type capped struct {
	net.Listener
	slots chan struct{}
	close func() error
	done  chan struct{}
}

func newCapped(listener net.Listener) *capped {
	c := &capped{Listener: listener, slots: make(chan struct{}, maxConnections),
		done: make(chan struct{})}
	c.close = sync.OnceValue(func() error {
		close(c.done)
		return listener.Close()
	})
	return c
}

// Accept waits until there is a connection, and room for it.
func (c *capped) Accept() (net.Conn, error) {
	select {
	case c.slots <- struct{}{}:
	case <-c.done:
		return nil, net.ErrClosed
	}
	conn, err := c.Listener.Accept()
	if err != nil {
		<-c.slots
		return nil, err
	}
	return &cappedConn{Conn: conn, release: sync.OnceFunc(func() { <-c.slots })}, nil
}

// Close ends Accept as well.
func (c *capped) Close() error { return c.close() }

type cappedConn struct {
	net.Conn
	release func()
}

// CloseWrite says that nothing more will be sent, where the connection knows how.
func (c *cappedConn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}

// Close makes room for another connection.
func (c *cappedConn) Close() error {
	defer c.release()
	return c.Conn.Close()
}

// connections are those that a server has open.
type connections struct {
	open sync.WaitGroup

	mu     sync.Mutex
	silent map[net.Conn]struct{} // those that have not asked yet: browsers open some ahead
}

// note is the ConnState of the server.
func (c *connections) note(conn net.Conn, state http.ConnState) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch state {
	case http.StateNew:
		c.open.Add(1)
		if c.silent == nil {
			c.silent = map[net.Conn]struct{}{}
		}
		c.silent[conn] = struct{}{}
		return
	case http.StateClosed, http.StateHijacked:
		c.open.Done()
	case http.StateActive, http.StateIdle:
	}
	delete(c.silent, conn)
}

// closeSilent closes those that have not asked yet. Shutdown would wait five seconds for them to
// ask.
func (c *connections) closeSilent() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for conn := range c.silent {
		_ = conn.Close() // nobody waits for anything on it
	}
}
