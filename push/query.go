package push

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// errCannotAsk reports a target that does not answer queries, and errNoAddress one of which no
// address is known that does.
var (
	errCannotAsk = errors.New("cannot be asked")
	errNoAddress = fmt.Errorf("%w: no address is known that answers queries", errCannotAsk)
)

// askError is the error of a query: it has nothing to do with the file.
type askError struct{ error }

// Unwrap returns what it says.
func (e *askError) Unwrap() error { return e.error }

const (
	// queryLimit is how long one query may take.
	queryLimit = time.Minute

	// maxAnswer is how many bytes an answer may have.
	maxAnswer = 64 << 20
)

// counted is a series of an answer, and how many samples it has.
type counted struct {
	Metric map[string]string `json:"metric"`
	Value  [2]any            `json:"value"`
}

// asker asks a target what it has.
type asker struct {
	client *http.Client
	url    string
	header func() http.Header
}

// count asks how many samples each series of a metric has in [from, until), of those with the
// labels of this sender. One metric at a time: VictoriaMetrics drops the names, and then refuses
// several.
//
// Errors: an askError.
func (a *asker) count(
	ctx context.Context, name string, labels []label, in span,
) ([]counted, error) {
	var matchers []string
	for _, l := range labels {
		matchers = append(matchers, l.name+"="+strconv.Quote(l.value))
	}
	query := fmt.Sprintf("count_over_time(%s{%s}[%dms])", name, strings.Join(matchers, ","),
		in.until.Sub(in.from).Milliseconds())
	at := strconv.FormatFloat(float64(in.until.UnixMilli()-1)/1000, 'f', 3, 64)
	// VictoriaMetrics has a cache of answers, which leaves out what has come since.
	return a.ask(ctx, url.Values{"query": {query}, "time": {at}, "nocache": {"1"}})
}

// check asks what everybody answers who answers queries.
//
// Errors: an askError, which is errCannotAsk where nobody does.
func (a *asker) check(ctx context.Context) error {
	list, err := a.ask(ctx, url.Values{"query": {"vector(1)"}})
	if err == nil && len(list) != 1 {
		err = fmt.Errorf("%w: it answers the query for a number with nothing", errCannotAsk)
		return &askError{err}
	}
	return err
}

// ask asks a query.
//
// Errors: an askError.
func (a *asker) ask(ctx context.Context, form url.Values) ([]counted, error) {
	list, err := a.query(ctx, form)
	if err != nil {
		return nil, &askError{err}
	}
	return list, nil
}

func (a *asker) query(ctx context.Context, form url.Values) ([]counted, error) {
	ctx, cancel := context.WithTimeout(ctx, queryLimit)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, a.url,
		strings.NewReader(form.Encode()))
	if err != nil {
		return nil, err
	}
	request.Header = a.header()
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, err := a.client.Do(request)
	if err != nil {
		return nil, errors.New(transportWords(err))
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		words, _ := io.ReadAll(io.LimitReader(response.Body, maxWords))
		err := fmt.Errorf("%s: %s", response.Status, plain(string(words)))
		if canBeAsked(response.StatusCode) {
			return nil, err
		}
		return nil, fmt.Errorf("%w: %w", errCannotAsk, err)
	}
	var answer struct {
		Status    string `json:"status"`
		IsPartial bool   `json:"isPartial"` //nolint:tagliatelle // of a cluster without one of its nodes
		Data      struct {
			Result []counted `json:"result"`
		} `json:"data"`
	}
	err = json.NewDecoder(io.LimitReader(response.Body, maxAnswer)).Decode(&answer)
	syntax, noJSON := errors.AsType[*json.SyntaxError](err)
	switch {
	case noJSON:
		return nil, fmt.Errorf("%w: it answers with something else: %w", errCannotAsk, syntax)
	case err != nil:
		return nil, fmt.Errorf("the answer to a query: %w", err)
	case answer.Status != "success":
		return nil, fmt.Errorf("%w: it answers with status %q", errCannotAsk, answer.Status)
	case answer.IsPartial:
		return nil, errors.New("the target answers in part only")
	}
	return answer.Data.Result, nil
}

// canBeAsked reports that a status does not keep others, or a later query, from being answered: the
// target is in trouble, has too much to do, or wants other credentials.
func canBeAsked(status int) bool {
	switch status {
	case http.StatusUnauthorized, http.StatusProxyAuthRequired, http.StatusRequestTimeout,
		http.StatusTooEarly, http.StatusTooManyRequests:
		return true
	case http.StatusNotImplemented:
		return false
	}
	return status >= 500
}

// samples is how many samples the series has.
func (c counted) samples() (int64, error) {
	text, ok := c.Value[1].(string)
	if !ok {
		return 0, fmt.Errorf("the answer to a query has %v for a value", c.Value[1])
	}
	value, err := strconv.ParseFloat(text, 64)
	return int64(value), err
}
