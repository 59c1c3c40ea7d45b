package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/wanstore/wanstore/internal/web"
)

// answerLimit is how long a question may take.
const answerLimit = 30 * time.Second

// What a client may take: the time for its headers and how much of them, the time to fetch its
// answer, which begins with its question and so includes answerLimit, and the time to keep quiet.
const (
	headerLimit = 5 * time.Second
	readLimit   = 10 * time.Second
	writeLimit  = answerLimit + 30*time.Second
	idleLimit   = time.Minute
	headerBytes = 16 << 10
)

// endLimit is how long the questions under way may take when the server ends.
const endLimit = 5 * time.Second

// Serve answers at a listener until ctx is done. Then it takes no more questions, waits up to 5 s
// for those under way, cuts what is left, and returns nil when all goroutines of the server have
// ended. It closes the listener, and not the API.
//
// Without a token it answers only those who call it by a name or an address of the loopback. With
// DNS rebinding a page of another site reaches this server under a name of its own, and the Host
// header gives that name away.
//
// Errors: ErrNoToken for a listener that others than this machine reach, if there is no token, and
// those of the network.
func (a *API) Serve(ctx context.Context, listener net.Listener) error {
	handler := a.Handler()
	if a.options.Token == "" {
		if !web.OnLoopback(listener.Addr()) {
			return errors.Join(fmt.Errorf("%s: %w", listener.Addr(), ErrNoToken), listener.Close())
		}
		handler = a.handler(func(next http.Handler) http.Handler {
			return web.LoopbackOnly(a.refuseWith, next)
		})
	}
	// Questions go on for a while after ctx is done.
	questions, cut := context.WithCancel(context.WithoutCancel(ctx))
	defer cut()
	var connections connections
	server := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: headerLimit,
		ReadTimeout:       readLimit,
		WriteTimeout:      writeLimit,
		IdleTimeout:       idleLimit,
		MaxHeaderBytes:    headerBytes,
		ErrorLog:          slog.NewLogLogger(a.log.Handler(), slog.LevelWarn),
		BaseContext:       func(net.Listener) context.Context { return questions },
		ConnState:         connections.note,
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(newCapped(listener)) }()
	var failed error
	select {
	case failed = <-ended:
	case <-ctx.Done():
	}
	connections.closeSilent()
	err := a.end(ctx, server)
	if failed == nil {
		failed = <-ended
	}
	cut()
	connections.open.Wait()
	if errors.Is(failed, http.ErrServerClosed) {
		failed = nil
	}
	return errors.Join(failed, err)
}

// end lets the questions under way come to their end, and cuts those that do not.
func (a *API) end(ctx context.Context, server *http.Server) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), endLimit)
	defer cancel()
	err := server.Shutdown(ctx)
	if !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	a.log.WarnContext(ctx, "connections were cut at the end", "waited", endLimit)
	return server.Close()
}
