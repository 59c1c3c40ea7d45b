package service

import "context"

// Ping blocks until the goroutine that commits comes round to it, between two commits or steps of
// maintenance: what feeds a watchdog. It asks for progress alone, so a full disk or a damaged file,
// of which Health tells, is no failure. It takes as long as what is under way; while readers hold
// commits up, that is up to 16 s.
//
// Errors: ErrClosed, and that of ctx.
func (w *Writer) Ping(ctx context.Context) error {
	if w.closed.Load() {
		return ErrClosed
	}
	return w.core.submit(ctx, func(*loop) {})
}
