package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	upstream "github.com/prometheus/prometheus/promql"

	"github.com/wanstore/wanstore/internal/web"
	"github.com/wanstore/wanstore/promql"
	"github.com/wanstore/wanstore/service"
)

// The kinds of errors, in Prometheus's words.
const (
	kindBadData     = "bad_data"
	kindExecution   = "execution"
	kindTimeout     = "timeout"
	kindCanceled    = "canceled"
	kindInternal    = "internal"
	kindUnavailable = "unavailable"
	kindNotFound    = "not_found"
)

// statusClientGone is what Prometheus answers to a client that no longer listens.
const statusClientGone = 499

// errBusy reports that others took all there was for as long as a question may wait.
var errBusy = errors.New("too many queries are being answered: ask again, or fewer at a time")

// failure is an error that knows its kind and status.
type failure struct {
	kind   string
	status int
	err    error
}

func (f *failure) Error() string { return f.err.Error() }

func (f *failure) Unwrap() error { return f.err }

func badData(err error) error { return &failure{kindBadData, http.StatusBadRequest, err} }

// unavailable is of a history that cannot be read.
func unavailable(err error) *failure {
	return &failure{kindUnavailable, http.StatusServiceUnavailable, err}
}

// failureOf returns how an error is told.
func failureOf(err error) *failure {
	if known, ok := errors.AsType[*failure](err); ok {
		return known
	}
	if _, ok := errors.AsType[*parameterError](err); ok {
		return &failure{kindBadData, http.StatusBadRequest, err}
	}
	if _, ok := errors.AsType[*selectorError](err); ok {
		return &failure{kindBadData, http.StatusBadRequest, err}
	}
	if _, ok := errors.AsType[*promql.ParseError](err); ok {
		return &failure{kindBadData, http.StatusBadRequest, &parameterError{paramQuery, err}}
	}
	if storage, ok := errors.AsType[upstream.ErrStorage](err); ok { // it does not unwrap
		return failureOfStorage(storage.Err)
	}
	switch {
	case errors.Is(err, errBusy), isUnreadable(err):
		return unavailable(err)
	case errors.Is(err, promql.ErrTimeout), errors.Is(err, context.DeadlineExceeded):
		return &failure{kindTimeout, http.StatusServiceUnavailable, err}
	case errors.Is(err, promql.ErrCanceled), errors.Is(err, context.Canceled):
		return &failure{kindCanceled, statusClientGone, err}
	}
	return &failure{kindExecution, http.StatusUnprocessableEntity, err}
}

// failureOfStorage is failureOf for what reading the file came to.
func failureOfStorage(err error) *failure {
	told := failureOf(err)
	if told.kind == kindExecution { // nobody has asked for anything wrong
		return &failure{kindInternal, http.StatusInternalServerError, err}
	}
	return told
}

// isUnreadable tells whether a file was damaged, locked or replaced.
func isUnreadable(err error) bool {
	for _, reason := range []error{
		service.ErrDamaged, service.ErrNotDatabase, service.ErrBusy, service.ErrOtherName,
		service.ErrReadTooLong,
	} {
		if errors.Is(err, reason) {
			return true
		}
	}
	return false
}

// message is what a user is told. Prometheus's own words come first, since clients know them.
func (f *failure) message() string {
	if samples, ok := errors.AsType[upstream.ErrTooManySamples](f.err); ok {
		return samples.Error() + ": ask for a shorter range, a wider step or fewer series"
	}
	if late, ok := errors.AsType[upstream.ErrQueryTimeout](f.err); ok {
		return late.Error() + ": ask for a shorter range, or a wider step"
	}
	if canceled, ok := errors.AsType[upstream.ErrQueryCanceled](f.err); ok {
		return canceled.Error()
	}
	return f.err.Error()
}

// fail answers with an error. Those that nobody but this program is to blame for are logged as
// well.
func (a *API) fail(w http.ResponseWriter, r *http.Request, err error) {
	told := failureOf(err)
	if told.kind == kindInternal {
		a.log.ErrorContext(r.Context(), "a query failed", "path", r.URL.Path, "err", err)
	}
	sendError(w, told.status, told.kind, told.message())
}

// Refuse answers with an error as Prometheus tells it.
func Refuse(w http.ResponseWriter, _ *http.Request, status int, message string) {
	kind := kindBadData
	switch status {
	case http.StatusNotFound:
		kind = kindNotFound
	case http.StatusServiceUnavailable:
		kind = kindUnavailable
	case http.StatusInternalServerError:
		kind = kindInternal
	}
	sendError(w, status, kind, message)
}

func sendError(w http.ResponseWriter, status int, kind, message string) {
	body, err := json.Marshal(struct {
		Status string `json:"status"`
		Kind   string `json:"errorType"`
		Error  string `json:"error"`
	}{"error", kind, message})
	if err != nil { // a struct of texts
		panic(err)
	}
	web.SendJSON(w, status, body)
}
