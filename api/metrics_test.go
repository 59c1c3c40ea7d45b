package api_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wanstore/wanstore/api"
	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/service"
)

// A process that only reads shows what the one that records has declared, and what it declares
// later.
func TestDeclarationsOfAnotherProcess(t *testing.T) {
	modem := service.Metric{
		Name: "modem_state", Help: "What the\nmodem does.", Unit: "<x>", Aggregation: service.Mode,
		States: service.StateNames{0: "offline", 1: "online"},
	}
	r := record(t, service.Config{}, modem)
	s := r.series(t, modem.Name, "cable", nil)
	r.write(t, service.Sample{Series: s, Time: time.Now(), Value: 1})
	a := answering(t, api.Options{Path: r.path})
	expectDescription(t, a, modem, map[string]string{"0": "offline", "1": "online"})

	modem.Help, modem.States = "It does more.", service.StateNames{2: "busy"}
	options := service.Options{Metrics: []service.Metric{modem}, NoMaintenance: true}
	second, err := service.OpenWriter(t.Context(), service.Config{DBPath: r.path}, options)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := second.Close(context.Background()); err != nil {
			t.Error(err)
		}
	}()
	expectDescription(t, a, modem, map[string]string{"2": "busy"})

	filetest.Exec(t, r.path, "UPDATE metric_metadata SET chk = chk + 1")
	modem.Help, modem.Unit = "Recorded metric that does not say what it is.", ""
	text, _ := scrape(t, a)
	if want := "# HELP modem_state " + modem.Help + "\n"; !strings.Contains(text, want) {
		t.Errorf("a scrape after damage lacks %q", want)
	}
	if got := history(t, a, "/metrics/history").Data[0]; got.Help+got.Unit != "" ||
		len(got.States) > 0 {
		t.Errorf("after damage the answer describes %+v", got)
	}
}

func expectDescription(t *testing.T, a *api.API, metric service.Metric, states map[string]string) {
	t.Helper()
	_, families := scrape(t, a)
	if got := families[metric.Name].GetHelp(); got != metric.Help {
		t.Errorf("help %q, want %q", got, metric.Help)
	}
	answer := ask(t, a, http.MethodGet, "/metrics/history")
	got := decode[points](t, answer.Body).Data[0]
	if got.Help != metric.Help || got.Unit != metric.Unit {
		t.Errorf("help %q, unit %q, want %q, %q", got.Help, got.Unit, metric.Help, metric.Unit)
	}
	if diff := cmp.Diff(states, got.States); diff != "" {
		t.Errorf("states (-want +got):\n%s", diff)
	}
}
