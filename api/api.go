package api

import (
	"log/slog"
	"net/http"

	"github.com/wanstore/wanstore/service"
)

// Options say what an API answers from, and to whom.
type Options struct {
	// Path is the history file. It need not be there yet, and may be replaced.
	Path string
	// Writer is the one that writes the file, if that is in this process.
	Writer *service.Writer
	// Token, if it is set, has to come with every question about data, as "Authorization: Bearer TOKEN".
	Token string
	// Origin, if it is set, may ask from its pages in a browser (CORS), such as https://status.example.net, or * for all.
	Origin string
	// Logger gets what goes wrong. Nil logs nothing.
	Logger *slog.Logger
}

// API answers questions about one history file. It is safe for any number of goroutines.
type API struct {
	options Options
	log     *slog.Logger
	source  source
	scrapes flight[fileMetrics]
	checks  flight[[]service.Problem]
	assets  map[string]asset
}

// New makes an API. It opens nothing: the file is opened with the first question.
func New(options Options) *API {
	log := options.Logger
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &API{options: options, log: log, source: source{path: options.Path}, assets: pageAssets()}
}

// Handler answers GET and HEAD of /metrics/history, /metrics, /health, and / for the page, whose files are below /page/.
// What goes wrong is answered in JSON. It compresses, sets the headers that keep browsers careful, lets no question
// take longer than 30 s, and survives its own panics.
func (a *API) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle(historyPath, a.guarded(a.serveHistory))
	mux.Handle("/metrics", a.guarded(a.serveMetrics))
	mux.Handle("/health", a.shared(a.open(a.serveHealth)))
	mux.Handle("/{$}", a.open(a.servePage))
	mux.Handle("/page/", a.open(a.servePageFile))
	mux.Handle("/", http.HandlerFunc(a.serveNothing))
	return withHeaders(withGzip(a.withRecovery(withLimit(mux))))
}

// Close closes the file. It blocks until the questions under way have been answered. It may be called twice.
func (a *API) Close() error {
	err := a.source.close()
	a.scrapes.wait()
	a.checks.wait()
	return err
}
