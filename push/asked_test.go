package push

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// answerQueries has the receiver answer every query so; status 0 answers as it should.
func (r *receiver) answerQueries(status int, words string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.unasked = func() (int, string) { return status, words }
}

// auditPossible wants the metric to have a value.
func (w *world) auditPossible(want float64) {
	w.t.Helper()
	registry := prometheus.NewPedanticRegistry()
	must(w.t, registry.Register(w.sender.Collector()))
	families, err := registry.Gather()
	must(w.t, err)
	for _, f := range families {
		if f.GetName() != "wanstore_push_audit_possible" {
			continue
		}
		if got := f.GetMetric()[0].GetGauge().GetValue(); got != want {
			w.t.Errorf("%s %v, want %v", f.GetName(), got, want)
		}
		return
	}
	w.t.Error("there is no such metric")
}

// Where an address was guessed at which nothing can be asked, that is told and is no alarm, and
// acknowledgements count.
func TestNothingToAsk(t *testing.T) {
	for _, c := range []struct {
		status int
		words  string
	}{
		{http.StatusBadRequest, `unsupported path requested: "/insert/0/prometheus/api/v1/query"`},
		{http.StatusForbidden, "may write only"},
		{http.StatusNotFound, "404 page not found"},
		{http.StatusMethodNotAllowed, "no"},
		{http.StatusUnprocessableEntity, "unavailable with Prometheus Agent"},
		{http.StatusNotImplemented, "no"},
		{http.StatusOK, "<html>hello</html>"},
		{http.StatusOK, `{"status":"success","data":{"resultType":"vector","result":[]}}`},
	} {
		t.Run(http.StatusText(c.status), func(t *testing.T) {
			in(t, func(w *world) {
				t := w.t
				w.receiver.answerQueries(c.status, c.words)
				w.start()
				w.pass(2 * time.Minute)
				got := w.status()
				if !strings.Contains(got.Audit.Unavailable, "cannot be asked") ||
					c.status != 200 && !strings.Contains(got.Audit.Unavailable, c.words) {
					t.Errorf("it is not told: %+v", got.Audit)
				}
				w.pass(28 * time.Minute)
				got = w.status()
				if got.ConfirmedUntil.Before(time.Now().Add(-10 * time.Minute)) {
					t.Errorf("confirmed until %s", got.ConfirmedUntil)
				}
				if got.Confirmed != 0 || got.Audit.Audits != 0 || got.Audit.Failed != "" {
					t.Errorf("nobody was asked: %+v", got.Report)
				}
				if problems := w.sender.Health(); len(problems) > 0 {
					t.Errorf("health: %v", problems)
				}
				notes := w.sender.Notes()
				if len(notes) != 1 || !strings.Contains(notes[0].Message, "cannot be asked") {
					t.Errorf("notes: %v", notes)
				}
				w.auditPossible(0)
			})
		})
	}
}

// Once a receiver can be asked that could not be, it is.
func TestAskedLater(t *testing.T) {
	in(t, func(w *world) {
		w.receiver.answerQueries(http.StatusNotFound, "not yet")
		w.start()
		w.pass(30 * time.Minute)
		w.receiver.answerQueries(0, "")
		w.pass(3 * time.Hour)
		got := w.status()
		if got.Confirmed == 0 || got.Audit.Audits == 0 || got.Audit.Unavailable != "" {
			w.t.Errorf("status %+v", got)
		}
		w.auditPossible(1)
	})
}

// An audit that fails confirms nothing and is told: where the user has said where to ask, where the
// credentials are wrong, and where the receiver is in trouble.
func TestAuditFails(t *testing.T) {
	for name, c := range map[string]struct {
		query  string
		status int
	}{
		"configured":  {"http://select/api/v1/query", http.StatusNotFound},
		"credentials": {"", http.StatusUnauthorized},
		"trouble":     {"", http.StatusServiceUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			in(t, func(w *world) {
				w.config.Query = c.query
				w.receiver.answerQueries(c.status, "not so")
				w.start()
				w.pass(3 * time.Hour)
				w.failing("not so")
				w.auditPossible(1)
				w.receiver.answerQueries(0, "")
				w.pass(time.Hour)
				w.recovered()
			})
		})
	}
}

// A receiver that answers whether it is there, and no question of an audit, is told.
func TestAuditIsRefused(t *testing.T) {
	in(t, func(w *world) {
		w.receiver.limit = "too many series"
		w.start()
		w.pass(4 * time.Hour)
		w.failing("too many series")
		w.receiver.mu.Lock()
		w.receiver.limit = ""
		w.receiver.mu.Unlock()
		w.pass(time.Hour)
		w.recovered()
	})
}

// A receiver that has answered before, and then does not, has not become one that cannot be asked,
// also for a sender that starts meanwhile.
func TestAnsweredBefore(t *testing.T) {
	in(t, func(w *world) {
		w.start()
		w.pass(2 * time.Minute)
		w.receiver.answerQueries(http.StatusNotFound, "not so")
		w.pass(3 * time.Hour)
		w.failing("not so")
		w.stop()
		w.start()
		w.pass(2 * time.Hour)
		w.failing("not so")
		w.receiver.answerQueries(0, "")
		w.pass(time.Hour)
		w.recovered()
	})
}

// What was sent by a clock that was ahead is audited an hour after that clock was put right.
func TestClockWasAhead(t *testing.T) {
	in(t, func(w *world) {
		t := w.t
		w.ahead.Store(int64(10 * 24 * time.Hour))
		w.start()
		w.pass(30 * time.Minute)
		w.ahead.Store(0)
		right := time.Now()
		w.pass(3 * time.Hour)
		w.check(time.Now().Add(-3 * time.Minute))
		got := w.status()
		if got.ConfirmedUntil.Before(right) || got.Resent != 0 || got.Audit.Missing != 0 {
			t.Errorf("status %+v", got)
		}
		w.receiver.mu.Lock()
		asked := len(w.receiver.asked)
		w.receiver.mu.Unlock()
		if asked > 500 {
			t.Errorf("%d queries", asked)
		}
		if problems := w.sender.Health(); len(problems) > 0 {
			t.Errorf("health: %v", problems)
		}
	})
}

// failing wants nothing to be confirmed, and that to be told.
func (w *world) failing(words string) {
	w.t.Helper()
	got := w.status()
	if !got.ConfirmedUntil.IsZero() || got.Confirmed != 0 || got.Audit.Unavailable != "" ||
		!strings.Contains(got.Audit.Failed, words) {
		w.t.Errorf("status %+v", got)
	}
	if problems := w.sender.Health(); len(problems) != 1 || problems[0].Reason != Audit {
		w.t.Errorf("health: %v", problems)
	}
	if notes := w.sender.Notes(); len(notes) > 0 {
		w.t.Errorf("notes: %v", notes)
	}
}

// recovered wants what was sent long ago to be confirmed by audits, and all to be well.
func (w *world) recovered() {
	w.t.Helper()
	got := w.status()
	if got.ConfirmedUntil.Before(time.Now().Add(-3*time.Hour)) || got.Confirmed == 0 {
		w.t.Errorf("status %+v", got)
	}
	if problems := w.sender.Health(); len(problems) > 0 {
		w.t.Errorf("health: %v", problems)
	}
}

// A target is asked where it takes samples, unless it says otherwise.
func TestQueryURL(t *testing.T) {
	for _, c := range []struct{ to, query, want string }{
		{"http://h:8428/api/v1/write", "", "http://h:8428/api/v1/query"},
		{"http://h/a/api/v1/write?x=1", "", "http://h/a/api/v1/query"},
		{"http://h:8480/insert/7:1/prometheus/api/v1/write", "",
			"http://h:8480/select/7:1/prometheus/api/v1/query"},
		{"http://h/api/v1/push", "", ""},
		{"http://h/api/v1/write", NoQuery, ""},
		{"http://h/api/v1/write", "http://i/q", "http://i/q"},
	} {
		if got := (Config{URL: c.to, Query: c.query}).queryURL(); got != c.want {
			t.Errorf("%s, %q: %q, want %q", c.to, c.query, got, c.want)
		}
	}
}
