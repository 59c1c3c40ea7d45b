package main

import (
	"context"
	"log/slog"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/wanstore/wanstore/service"
)

// declare records in another process than the program what a program of somebody's own declares:
// declare FILE.
func declare(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: declare FILE")
	}
	ctx := context.Background()
	modem := service.Metric{
		Name: "modem_state", Aggregation: service.Mode,
		States: service.StateNames{0: "offline", 1: "online", 2.5: "half\u200bway"},
	}
	temperature := service.Metric{
		Name: "modem_temperature_celsius", Aggregation: service.Average, Unit: "\u00b0C",
	}
	writer, err := service.OpenWriter(ctx, service.Config{DBPath: ts.MkAbs(args[0])}, service.Options{
		Metrics: []service.Metric{modem, temperature}, Logger: slog.New(slog.DiscardHandler),
	})
	ts.Check(err)
	state, err := writer.Series(modem.Name, "cable", nil)
	ts.Check(err)
	degrees, err := writer.Series(temperature.Name, "cable", nil)
	ts.Check(err)
	for i, value := range []float64{0, 1, 1, 2.5} {
		at := time.Now().Add(time.Duration(i-5) * time.Second)
		ts.Check(writer.Write(ctx,
			service.Sample{Series: state, Time: at, Value: value},
			service.Sample{Series: degrees, Time: at, Value: 40 + value},
		))
	}
	ts.Check(writer.Close(ctx))
}
