package api

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"net/http"
	"slices"

	"github.com/wanstore/wanstore/internal/web"
	"github.com/wanstore/wanstore/service"
)

// What can be wrong beside the reasons of service.
const (
	fileUnreadable service.Reason = "file_unreadable"
	fileSlow       service.Reason = "file_slow" // it has not answered in time
)

// health is the answer to /health. It names no paths: people who may not see the data may see it.
type health struct {
	Status  string   `json:"status"` // ok or failing
	Reasons []reason `json:"reasons"`
	Notes   []reason `json:"notes,omitempty"` // of what is worth knowing and no problem
}

type reason struct {
	Reason  service.Reason `json:"reason"`
	Message string         `json:"message"`
}

// serveHealth answers 200, or 503 with what is wrong, after a few seconds at most.
func (a *API) serveHealth(w http.ResponseWriter, _ *http.Request) {
	state, code := health{Status: "ok", Reasons: []reason{}}, http.StatusOK
	for _, problem := range a.problems() {
		state.Reasons = append(state.Reasons, reason(problem))
	}
	for _, part := range a.parts {
		if part.Notes == nil {
			continue
		}
		for _, note := range part.Notes() {
			state.Notes = append(state.Notes, reason(note))
		}
	}
	if len(state.Reasons) > 0 {
		state.Status, code = "failing", http.StatusServiceUnavailable
	}
	body, err := json.Marshal(state)
	if err != nil { // a struct of texts
		panic(err)
	}
	web.SendJSON(w, code, append(body, '\n'))
}

// problems asks the writer, if it is in this process, and the file. A writer knows better than its
// file whether maintenance is overdue.
func (a *API) problems() []service.Problem {
	problems, err := a.checks.ask(a.checkFile)
	if a.options.Writer != nil {
		problems = withContent(a.options.Writer.Health(), problems)
	}
	for _, part := range a.parts {
		if part.Health != nil {
			problems = append(slices.Clip(problems), part.Health()...)
		}
	}
	a.noteFile(err)
	if err == nil && a.damaged.Load() { // what a check looks at may be sound where the rest is not
		err = service.ErrDamaged
	}
	if err == nil {
		return problems
	}
	return append(problems, unreadable(err))
}

func (a *API) checkFile(ctx context.Context) (problems []service.Problem, err error) {
	err = a.source.read(ctx, func(history *service.History) error {
		problems, err = history.Health(ctx)
		return err
	})
	return problems, err
}

// unreadable says why a file cannot be read, without what an error tells of this machine.
func unreadable(err error) service.Problem {
	if errors.Is(err, context.DeadlineExceeded) {
		return service.Problem{Reason: fileSlow, Message: "the file has not answered within " +
			fileTimeout.String()}
	}
	for _, known := range []error{
		service.ErrMissing, service.ErrEmpty, service.ErrDirectory, service.ErrNotDatabase,
		service.ErrForeign,
		service.ErrTooNew, service.ErrOtherName, service.ErrDamaged, fs.ErrPermission, errClosed,
	} {
		if errors.Is(err, known) {
			return service.Problem{Reason: fileUnreadable, Message: known.Error()}
		}
	}
	return service.Problem{Reason: fileUnreadable, Message: "the file cannot be read"}
}
