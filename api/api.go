package api

import (
	"cmp"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"

	"github.com/wanstore/wanstore/internal/web"
	"github.com/wanstore/wanstore/service"
)

// Options says what an API answers from, and to whom.
type Options struct {
	// Path is the history file; "" is that of Writer. It need not be there yet, and may be
	// replaced.
	Path string
	// Writer is the one that writes the file, if that is in this process.
	Writer *service.Writer
	// Token, if it is set, is the bearer token that every request for data must carry, as
	// "Authorization: Bearer TOKEN". Without one, anybody who reaches the handler may read.
	Token string
	// Origin, if it is set, may ask from its pages in a browser (CORS), such as
	// https://status.example.net, or * for all.
	Origin string
	// Logger gets what goes wrong. Nil is slog.Default(); slog.New(slog.DiscardHandler)
	// keeps it quiet.
	Logger *slog.Logger
}

// API answers questions about one history file. It is safe for any number of goroutines.
type API struct {
	options  Options
	log      *slog.Logger
	source   source
	scrapes  flight[fileMetrics]
	checks   flight[[]service.Problem]
	capacity capacity
	assets   map[string]asset
	mounts   []Mount
	parts    []Part
	build    func() []string // labels of wanstore_build_info

	unreadable atomic.Bool // the last scrape or check could not read the file
	damaged    atomic.Bool // the last request for points has found damage
}

// New makes an API. It opens nothing: the file is opened with the first question.
func New(options Options) *API {
	if options.Path == "" && options.Writer != nil {
		options.Path = options.Writer.Path()
	}
	log := cmp.Or(options.Logger, slog.Default())
	return &API{
		options:  options,
		log:      log,
		source:   source{path: options.Path},
		capacity: newCapacity(),
		assets:   pageAssets(),
		build:    sync.OnceValue(func() []string { return buildLabels(log) }),
	}
}

// Handler answers GET and HEAD of /metrics/history, /report, /metrics, /health, and / for the page,
// whose files are below /page/, and what is mounted. It tells what goes wrong as JSON, compresses,
// sets the headers that keep browsers careful, ends a request that reads for 30 s, and survives its
// own panics.
//
// Without a token it answers everybody, under any name. So listen on the loopback only and refuse
// other Host headers, or have Serve do both.
func (a *API) Handler() http.Handler {
	return a.handler(func(next http.Handler) http.Handler { return next })
}

// handler is Handler with a guard in front of everything but the headers.
func (a *API) handler(guard func(http.Handler) http.Handler) http.Handler {
	mux := http.NewServeMux()
	rules := a.rules()
	mux.Handle(historyPath, rules.Guarded(http.HandlerFunc(a.serveHistory)))
	mux.Handle(reportPath, rules.Guarded(http.HandlerFunc(a.serveReport)))
	mux.Handle("/metrics", rules.Guarded(http.HandlerFunc(a.serveMetrics)))
	mux.Handle("/health", rules.Public(http.HandlerFunc(a.serveHealth)))
	mux.Handle("/{$}", rules.Asked(http.HandlerFunc(a.servePage)))
	mux.Handle("/page/", rules.Asked(http.HandlerFunc(a.servePageFile)))
	mux.Handle("/", http.HandlerFunc(a.serveNothing))
	limited := web.WithLimit(answerLimit, a.withMounts(mux))
	return web.WithHeaders(guard(web.WithGzip(web.WithRecovery(a.log, a.refuseWith, limited))))
}

// noteFile logs that the file cannot be read any more, or that it can again: once, and not with
// every scrape.
func (a *API) noteFile(err error) {
	if unreadable := err != nil; a.unreadable.Swap(unreadable) == unreadable {
		return
	}
	if err != nil {
		a.log.Warn("the history cannot be read", "err", err)
		return
	}
	a.log.Info("the history can be read again")
}

// Close closes the file. It blocks until the questions under way have been answered. It may be
// called twice.
func (a *API) Close() error {
	err := a.source.close()
	a.scrapes.wait()
	a.checks.wait()
	return err
}
