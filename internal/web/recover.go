package web

import (
	"log/slog"
	"net/http"
	"runtime/debug"
)

// WithRecovery answers 500 where a handler panics, and logs it: the program around it goes on.
func WithRecovery(log *slog.Logger, refuse Refuse, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		begun := &beginning{ResponseWriter: w}
		defer func() {
			reason := recover()
			switch reason {
			case nil:
				return
			case http.ErrAbortHandler: // it means to
				panic(reason)
			}
			log.ErrorContext(r.Context(), "a handler panicked", "path", r.URL.Path, "panic", reason,
				"stack", string(debug.Stack()))
			if begun.yes {
				panic(http.ErrAbortHandler) // half an answer must not pass for a whole one
			}
			refuse(w, r, http.StatusInternalServerError,
				"this is a mistake of the program, which its log has more about")
		}()
		next.ServeHTTP(begun, r)
	})
}

// beginning knows whether an answer has begun.
type beginning struct {
	http.ResponseWriter
	yes bool
}

func (b *beginning) WriteHeader(status int) {
	b.yes = true
	b.ResponseWriter.WriteHeader(status)
}

func (b *beginning) Write(text []byte) (int, error) {
	b.yes = true
	return b.ResponseWriter.Write(text)
}

// Unwrap is for http.ResponseController.
func (b *beginning) Unwrap() http.ResponseWriter { return b.ResponseWriter }
