package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"

	"github.com/wanstore/wanstore/promql"
)

// maxSelectors bounds the selectors of one listing: each is compared with every series.
const maxSelectors = 200

// serveSeries lists series by their labels.
func (a *API) serveSeries(w http.ResponseWriter, r *http.Request) error {
	if len(r.Form[paramMatch]) == 0 {
		return badData(errors.New("no match[] parameter provided"))
	}
	err := serveListing(a, w, r, func(
		ctx context.Context, engine *promql.Engine, selection promql.Selection,
	) ([]labels.Labels, []string, error) {
		return engine.Series(ctx, selection)
	})
	if known, ok := errors.AsType[*selectorError](err); ok {
		return &parameterError{paramMatch, known.err}
	}
	return err
}

// serveLabels lists the names of labels.
func (a *API) serveLabels(w http.ResponseWriter, r *http.Request) error {
	return serveListing(a, w, r, func(
		ctx context.Context, engine *promql.Engine, selection promql.Selection,
	) ([]string, []string, error) {
		return engine.LabelNames(ctx, selection)
	})
}

// serveLabelValues lists the values of a label. A name that is not of letters, digits and _ may be
// given as U__ and its code points.
func (a *API) serveLabelValues(w http.ResponseWriter, r *http.Request, name string) error {
	name = model.UnescapeName(name, model.ValueEncodingEscaping)
	if !model.UTF8Validation.IsValidLabelName(name) {
		return badData(fmt.Errorf("invalid label name: %.80q", name))
	}
	return serveListing(a, w, r, func(
		ctx context.Context, engine *promql.Engine, selection promql.Selection,
	) ([]string, []string, error) {
		return engine.LabelValues(ctx, name, selection)
	})
}

// selectorError reports a selector that is wrong. Only series says of which parameter, as in
// Prometheus.
type selectorError struct{ err *promql.ParseError }

func (e *selectorError) Error() string { return e.err.Error() }

// lister lists what a selection has.
type lister[T any] func(context.Context, *promql.Engine, promql.Selection) (
	list []T, warnings []string, err error)

func serveListing[T any](a *API, w http.ResponseWriter, r *http.Request, list lister[T]) error {
	selection, err := parseSelection(r)
	if err != nil {
		return err
	}
	room, err := a.budget.reserve(r.Context())
	if err != nil {
		return err
	}
	defer room.done()
	text, warnings, err := listed(r.Context(), a, selection, list)
	if err != nil {
		return err
	}
	room.evaluated(len(text)/sampleBytes + 1)
	sendText(w, text, warnings)
	return nil
}

// listed returns a list as JSON, which takes less memory than what it is made from: a client may be
// slow to fetch it.
func listed[T any](ctx context.Context, a *API, selection promql.Selection, list lister[T]) (
	text []byte, warnings []string, err error,
) {
	found := []T{} // JSON has [] for it
	err = a.ask(ctx, func(engine *promql.Engine) error {
		some, told, err := list(ctx, engine, selection)
		found, warnings = append(found[:0], some...), told
		return err
	})
	if problem, ok := errors.AsType[*promql.ParseError](err); ok {
		return nil, nil, &selectorError{problem}
	}
	if err != nil {
		return nil, nil, err
	}
	text, err = json.Marshal(found)
	return text, warnings, err
}

// parseSelection reads which series a listing is about.
func parseSelection(r *http.Request) (selection promql.Selection, err error) {
	selection.Match = r.Form[paramMatch]
	if len(selection.Match) > maxSelectors {
		return selection, wrong(paramMatch, "more than %d selectors: want fewer", maxSelectors)
	}
	if selection.Limit, err = parseLimit(r); err != nil {
		return selection, err
	}
	if selection.From, err = parseTimeOr(r, paramStart, time.Time{}); err != nil {
		return selection, err
	}
	selection.Until, err = parseTimeOr(r, paramEnd, time.Time{})
	return selection, err
}
