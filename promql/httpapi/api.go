package httpapi

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/wanstore/wanstore/internal/web"
	"github.com/wanstore/wanstore/promql"
	"github.com/wanstore/wanstore/service"
)

const (
	// Path is where an API answers.
	Path = "/api/v1/"
	// MaxForm is how many bytes a form may have that is sent by POST.
	MaxForm = 1 << 20

	// answerLimit is how long a question may take, whatever its timeout.
	answerLimit = 30 * time.Second
	// defaultMaxSamples is how many samples a query may have in memory: some 32 MB.
	defaultMaxSamples = 2_000_000
)

// Options are those of an API. The zero value has the defaults.
type Options struct {
	// Query bounds what one query may cost. A Timeout of more than 30 s is 30 s.
	Query promql.Options
	// Token, if it is set, is the bearer token that every request to Handler must carry.
	Token string
	// Origin, if it is set, may ask Handler from its pages in a browser (CORS), or * for all.
	Origin string
	// Logger gets what goes wrong. Nil is slog.Default().
	Logger *slog.Logger
}

// Read calls f with a history that stays open until f returns, and returns the error of f. It may
// wait for its turn, call f again if the file was replaced meanwhile, and fail by itself, where
// there is no history to read.
type Read func(ctx context.Context, f func(*service.History) error) error

// Always is the Read of a history that is open for as long as there are questions.
func Always(history *service.History) Read {
	return func(_ context.Context, f func(*service.History) error) error { return f(history) }
}

// API answers PromQL over HTTP. It is safe for any number of goroutines.
type API struct {
	options   Options
	log       *slog.Logger
	read      Read
	engines   engines
	budget    budget
	buffers   buffers
	started   time.Time
	endpoints map[string]endpoint
}

// New makes an API that reads a history by read. Engines are made when they are first needed.
func New(read Read, options Options) *API {
	options.Logger = cmp.Or(options.Logger, slog.Default())
	options.Query.Logger = cmp.Or(options.Query.Logger, options.Logger)
	options.Query.MaxSamples = cmp.Or(options.Query.MaxSamples, defaultMaxSamples)
	options.Query.Timeout = min(cmp.Or(options.Query.Timeout, answerLimit), answerLimit)
	a := &API{
		options: options, log: options.Logger, read: read, started: time.Now(),
		engines: engines{options: options.Query}, budget: newBudget(options.Query.MaxSamples),
	}
	a.endpoints = a.routes()
	return a
}

// Handler answers below Path with the rules of access of Options. It refuses what pages of other
// origins make a browser ask, sets the headers that keep browsers careful, compresses, and survives
// its own panics. Without a token it answers everybody, under any name: so listen on the loopback
// only and refuse other Host headers, or mount it in an api.API, which does both.
func (a *API) Handler() http.Handler {
	rules := web.Rules{Token: a.options.Token, Origin: a.options.Origin, MaxForm: MaxForm,
		Refuse: Refuse}
	limited := web.WithLimit(answerLimit, rules.Guarded(a))
	return web.WithHeaders(web.WithGzip(web.WithRecovery(a.log, Refuse, limited)))
}

// endpoint answers one path.
type endpoint struct {
	answer func(w http.ResponseWriter, r *http.Request) error
	form   bool // also by POST
}

func (a *API) routes() map[string]endpoint {
	return map[string]endpoint{
		"query":              {a.serveQuery, true},
		"query_range":        {a.serveQueryRange, true},
		"query_exemplars":    {a.serveExemplars, true},
		"series":             {a.serveSeries, true},
		"labels":             {a.serveLabels, true},
		"metadata":           {a.serveMetadata, false},
		"rules":              {a.serveRules, false},
		"alerts":             {a.serveAlerts, false},
		"status/buildinfo":   {a.serveBuildInfo, false},
		"status/runtimeinfo": {a.serveRuntimeInfo, false},
	}
}

// ServeHTTP answers without any rules of access, for who has rules of their own: as Handler of an
// api.Mount, for one.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	found, ok := a.endpointOf(r.URL.Path)
	if !ok {
		Refuse(w, r, http.StatusNotFound, "there is nothing at "+web.Shown(r.URL.Path))
		return
	}
	if r.Method == http.MethodPost && !found.form {
		w.Header().Set("Allow", "GET, HEAD")
		Refuse(w, r, http.StatusMethodNotAllowed, "POST is not for this: want GET")
		return
	}
	if err := r.ParseForm(); err != nil {
		status, message := web.FormProblem(err)
		Refuse(w, r, status, message)
		return
	}
	if err := found.answer(w, r); err != nil {
		a.fail(w, r, err)
	}
}

// endpointOf returns what answers a path. The name of a label is a part of its path.
func (a *API) endpointOf(path string) (endpoint, bool) {
	rest, ok := strings.CutPrefix(path, Path)
	if !ok {
		return endpoint{}, false
	}
	if found, ok := a.endpoints[rest]; ok {
		return found, true
	}
	name, ok := strings.CutPrefix(rest, "label/")
	if !ok {
		return endpoint{}, false
	}
	name, ok = strings.CutSuffix(name, "/values")
	return endpoint{answer: func(w http.ResponseWriter, r *http.Request) error {
		return a.serveLabelValues(w, r, name)
	}}, ok
}
