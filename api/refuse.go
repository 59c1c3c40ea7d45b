package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"github.com/wanstore/wanstore/internal/web"
	"github.com/wanstore/wanstore/service"
)

// httpError is an error that knows its status.
type httpError struct {
	status int
	err    error
}

func (e *httpError) Error() string { return e.err.Error() }

func (e *httpError) Unwrap() error { return e.err }

func badRequest(err error) error { return &httpError{status: http.StatusBadRequest, err: err} }

// failed is httpError with a message of its own.
func failed(status int, message string) error {
	return &httpError{status: status, err: errors.New(message)}
}

// statusOf returns the status that an error is answered with.
func statusOf(err error) int {
	if known, ok := errors.AsType[*httpError](err); ok {
		return known.status
	}
	for _, reason := range []error{
		ErrUnavailable, service.ErrOtherName, service.ErrDamaged, service.ErrNotDatabase, service.ErrBusy,
		context.Canceled, context.DeadlineExceeded,
	} {
		if errors.Is(err, reason) {
			return http.StatusServiceUnavailable
		}
	}
	return http.StatusInternalServerError
}

// refusal is how an error is told.
type refusal struct {
	Error struct {
		Parameter string `json:"parameter,omitempty"`
		Message   string `json:"message"`
	} `json:"error"`
}

// refuse answers with an error. Those that nobody but this program is to blame for (500) are logged
// as well.
func (a *API) refuse(w http.ResponseWriter, r *http.Request, err error) {
	status := statusOf(err)
	var text refusal
	text.Error.Message = err.Error()
	if blamed, ok := errors.AsType[*parameterError](err); ok {
		text.Error.Parameter = blamed.name
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		text.Error.Message = "it took longer than " + answerLimit.String() +
			": ask for a shorter range, or a wider step"
	case status == http.StatusInternalServerError:
		a.log.ErrorContext(r.Context(), "a question failed", "path", r.URL.Path, "err", err)
	}
	if mount, ok := a.mountOf(r.URL.Path); ok && mount.Refuse != nil {
		mount.Refuse(w, r, status, text.Error.Message)
		return
	}
	body, err := json.Marshal(text)
	if err != nil { // a struct of two texts
		panic(err)
	}
	web.SendJSON(w, status, append(body, '\n'))
}

// refuseWith is refuse for what knows its status and its words.
func (a *API) refuseWith(w http.ResponseWriter, r *http.Request, status int, message string) {
	a.refuse(w, r, failed(status, message))
}
