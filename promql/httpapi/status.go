package httpapi

import (
	"errors"
	"net/http"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/wanstore/wanstore/internal/version"
	"github.com/wanstore/wanstore/promql"
)

// prometheusVersion is the version of Prometheus whose engine answers: clients choose by it what
// they ask.
const prometheusVersion = "3.16.0"

// buildInfo is the answer to status/buildinfo. Application tells wanstore from Prometheus; Branch
// and Revision are its own version and commit.
type buildInfo struct {
	Application string `json:"application"`
	Version     string `json:"version"`
	Revision    string `json:"revision"`
	Branch      string `json:"branch"`
	BuildUser   string `json:"buildUser"`
	BuildDate   string `json:"buildDate"`
	GoVersion   string `json:"goVersion"`
}

func (a *API) serveBuildInfo(w http.ResponseWriter, _ *http.Request) error {
	build := version.Read()
	return sendData(w, buildInfo{
		Application: "wanstore", Version: prometheusVersion, Revision: build.Commit,
		Branch: build.Version, BuildDate: build.CommitDate, GoVersion: build.Go,
	})
}

// runtimeInfo is the answer to status/runtimeinfo. It names neither this machine nor its folders.
type runtimeInfo struct {
	StartTime           time.Time `json:"startTime"`
	CWD                 string    `json:"CWD"`
	Hostname            string    `json:"hostname"`
	ServerTime          time.Time `json:"serverTime"`
	ReloadConfigSuccess bool      `json:"reloadConfigSuccess"`
	LastConfigTime      time.Time `json:"lastConfigTime"`
	CorruptionCount     int64     `json:"corruptionCount"`
	GoroutineCount      int       `json:"goroutineCount"`
	GOMAXPROCS          int       `json:"GOMAXPROCS"`
	GOMEMLIMIT          int64     `json:"GOMEMLIMIT"`
	GOGC                string    `json:"GOGC"`
	GODEBUG             string    `json:"GODEBUG"`
	StorageRetention    string    `json:"storageRetention"`
}

func (a *API) serveRuntimeInfo(w http.ResponseWriter, _ *http.Request) error {
	return sendData(w, runtimeInfo{
		StartTime: a.started.UTC(), ServerTime: time.Now().UTC(), ReloadConfigSuccess: true,
		LastConfigTime: a.started.UTC(), GoroutineCount: runtime.NumGoroutine(),
		GOMAXPROCS: runtime.GOMAXPROCS(0), GOMEMLIMIT: debug.SetMemoryLimit(-1), GOGC: os.Getenv("GOGC"),
		GODEBUG: os.Getenv("GODEBUG"),
	})
}

// There are neither rules nor alerts nor exemplars in a history.

func (a *API) serveRules(w http.ResponseWriter, _ *http.Request) error {
	return sendData(w, map[string][]string{"groups": {}})
}

func (a *API) serveAlerts(w http.ResponseWriter, _ *http.Request) error {
	return sendData(w, map[string][]string{"alerts": {}})
}

func (a *API) serveExemplars(w http.ResponseWriter, _ *http.Request) error {
	return sendData(w, []string{})
}

// description is what is told of a metric.
type description struct {
	Type string `json:"type"`
	Help string `json:"help"`
	Unit string `json:"unit"`
}

// serveMetadata tells help and unit of metrics.
func (a *API) serveMetadata(w http.ResponseWriter, r *http.Request) error {
	limit, err := parseCount(r, paramLimit)
	if err != nil {
		return err
	}
	if _, err := parseCount(r, paramPerName); err != nil { // there is one at most
		return err
	}
	var list []promql.Metadata
	err = a.ask(r.Context(), func(engine *promql.Engine) (err error) {
		list, err = engine.Metadata(r.Context())
		return err
	})
	if err != nil {
		return err
	}
	wanted, found := r.Form.Get(paramMetric), map[string][]description{}
	for _, one := range list {
		if limit >= 0 && len(found) >= limit {
			break
		}
		if wanted == "" || wanted == one.Metric {
			found[one.Metric] = []description{{Type: one.Type, Help: one.Help, Unit: one.Unit}}
		}
	}
	return sendData(w, found)
}

// parseCount reads a number of which less than 0 means all.
func parseCount(r *http.Request, name string) (int, error) {
	text := r.Form.Get(name)
	if text == "" {
		return -1, nil
	}
	count, err := strconv.Atoi(text)
	if err != nil {
		return 0, badData(errors.New(name + " must be a number"))
	}
	return count, nil
}
