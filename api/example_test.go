package api_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/wanstore/wanstore/api"
	"github.com/wanstore/wanstore/service"
)

// A service that records shows its history among its own pages, and in its own registry.
func Example() {
	folder, err := os.MkdirTemp("", "wanstore")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() {
		if err := os.RemoveAll(folder); err != nil {
			fmt.Println(err)
		}
	}()
	ctx := context.Background()
	writer, err := service.OpenWriter(ctx, service.Config{DBPath: filepath.Join(folder, "metrics.db")},
		service.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	history := api.New(api.Options{Writer: writer})

	mux := http.NewServeMux()
	mux.HandleFunc("/version", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "1.0") })
	mux.Handle("/", history.Handler())
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	registry := prometheus.NewRegistry() // where the service has its other metrics
	registry.MustRegister(history.Collector())

	err = recordAndAsk(ctx, writer, server, registry)
	// The server first, then what it answers from, then the writer.
	if err := errors.Join(err, server.Shutdown(ctx), history.Close(), writer.Close(ctx)); err != nil {
		fmt.Println(err)
	}
	// Output:
	// 20.5 ms
	// "metric_name":"wanctl_rtt_ms","wan_name":"cable"
}

func recordAndAsk(
	ctx context.Context, writer *service.Writer, server *http.Server, registry *prometheus.Registry,
) error {
	rtt, err := writer.Series(service.RTT, "cable", nil)
	if err != nil {
		return err
	}
	sample := service.Sample{Series: rtt, Time: time.Now(), Value: 20.5}
	if err := writer.Write(ctx, sample); err != nil {
		return err
	}
	families, err := registry.Gather()
	if err != nil {
		return err
	}
	for _, family := range families {
		if family.GetName() == service.RTT {
			fmt.Println(family.GetMetric()[0].GetGauge().GetValue(), "ms")
		}
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	go func() { _ = server.Serve(listener) }() // Shutdown ends it
	response, err := http.Get("http://" + listener.Addr().String() + "/metrics/history?range=1m")
	if err != nil {
		return err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	fmt.Println(strings.Join(strings.Split(strings.TrimPrefix(string(body), `{"data":[{`), ",")[:2],
		","))
	return nil
}
