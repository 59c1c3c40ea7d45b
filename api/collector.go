package api

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/wanstore/wanstore/service"
)

// Collector collects the newest value of every series of the file, and the health of the history,
// for the registry of the host program. It has no metrics of the process or of Go.
//
// Each value carries the time at which it was measured. So the last value of a daemon that has
// stopped does not look current: Prometheus shows it for five minutes after its time (the
// lookback), stores nothing when it gets the same value with the same time again, and leaves out
// what is older than it takes in, without failing the scrape. The price is that a series that ends
// gets no staleness marker, unless the scrape is configured with track_timestamps_staleness; the
// state of the store itself has no times and is that of the scrape. Times are in milliseconds
// there, rounded down.
//
// A scrape never fails: what cannot be read is left out, logged, and wanstore_file_readable is 0.
func (a *API) Collector() prometheus.Collector { return collector{a} }

// serveMetrics answers with the exposition of Prometheus. It answers 200 also when the file cannot
// be read: with anything else Prometheus would throw away what the writer says of itself, at the
// moment at which it is wanted most.
func (a *API) serveMetrics(w http.ResponseWriter, r *http.Request) {
	registry := prometheus.NewRegistry()
	registry.MustRegister(a.Collector())
	for _, part := range a.parts {
		if part.Collector != nil {
			registry.MustRegister(part.Collector)
		}
	}
	promhttp.HandlerFor(registry, promhttp.HandlerOpts{
		ErrorLog:           scrapeLog{a.log},
		ErrorHandling:      promhttp.ContinueOnError, // one bad metric hides no other
		DisableCompression: true,                     // the handler around it compresses
	}).ServeHTTP(w, r)
}

// scrapeLog is a log as promhttp wants it.
type scrapeLog struct{ log *slog.Logger }

func (l scrapeLog) Println(v ...any) {
	l.log.Warn("part of a scrape failed", "err", fmt.Sprint(v...))
}

// ownPrefix begins the names of the metrics of the store.
const ownPrefix = "wanstore_"

type collector struct{ api *API }

// Describe says nothing, which tells a registry that the metrics are known only when they are asked
// for. It then lets series of one name have different labels.
func (c collector) Describe(chan<- *prometheus.Desc) {}

// Collect sends the metrics. A registry calls it in a goroutine of its own, where a panic would end
// the host program.
func (c collector) Collect(metrics chan<- prometheus.Metric) {
	defer func() {
		if reason := recover(); reason != nil {
			c.api.log.Error("a scrape panicked", "panic", reason, "stack", string(debug.Stack()))
		}
	}()
	c.collect(metrics)
}

func (c collector) collect(metrics chan<- prometheus.Metric) {
	send(metrics, buildInfo, 1, c.api.build()...)
	if writer := c.api.options.Writer; writer != nil {
		collectWriter(metrics, writer.Status())
	}
	file, err := c.api.scrapes.ask(c.api.scrapeFile)
	c.api.noteFile(err)
	collectUnsound(metrics, c.api.unsound(file.unsound))
	if err != nil {
		send(metrics, fileReadable, 0)
		return
	}
	send(metrics, fileReadable, 1)
	send(metrics, fileBytes, float64(file.size.FileBytes))
	send(metrics, fileFreeBytes, float64(file.size.FreeBytes))
	send(metrics, walBytes, float64(file.size.WALBytes))
	send(metrics, seriesCount, float64(file.size.Series))
	var newest time.Time
	for _, point := range file.newest {
		c.collectSeries(metrics, point, file.metrics[point.Metric].Help)
		if point.Time.After(newest) {
			newest = point.Time
		}
	}
	if !newest.IsZero() {
		send(metrics, newestSample, float64(newest.UnixMicro())/1e6)
	}
}

// fileMetrics is what a scrape takes from the file.
type fileMetrics struct {
	newest  []service.Point
	metrics described
	size    service.FileSize
	unsound []service.Unsound
}

func (a *API) scrapeFile(ctx context.Context) (file fileMetrics, err error) {
	err = a.source.read(ctx, func(history *service.History) error {
		if file.size, err = history.Size(ctx); err != nil {
			return err
		}
		if file.newest, err = history.Latest(ctx, service.Filter{}); err != nil {
			return err
		}
		file.metrics, err = metricsOf(ctx, history)
		file.unsound = history.Unsound()
		return err
	})
	return file, err
}

func (c collector) collectSeries(
	metrics chan<- prometheus.Metric, point service.Point, help string,
) {
	if strings.HasPrefix(point.Metric, ownPrefix) {
		// a series of such a name would be taken for one of ours, and one name can have one type
		// and help only
		return
	}
	if help == "" {
		help = "Recorded metric that does not say what it is."
	}
	labels := prometheus.Labels{}
	maps.Copy(labels, point.Labels)
	labels["wan"] = point.WAN // no series has a label of this name
	desc := prometheus.NewDesc(point.Metric, help, nil, labels)
	metric, err := prometheus.NewConstMetric(desc, prometheus.GaugeValue, point.Value)
	if err != nil { // not as an invalid metric: many a host's registry would then show nothing at all
		c.api.log.Warn("a series cannot be shown", "metric", point.Metric, "wan", point.WAN, "err", err)
		return
	}
	metrics <- prometheus.NewMetricWithTimestamp(point.Time, metric)
}
