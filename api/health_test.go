package api_test

import (
	"encoding/json"
	"net/http"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wanstore/wanstore/api"
	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/service"
)

// healthAnswer is the answer to /health.
type healthAnswer struct {
	Status  string
	Reasons []struct{ Reason, Message string }
}

// healthy asks for the health and fails the test unless the answer has these reasons.
func healthy(t *testing.T, a *api.API, reasons ...string) {
	t.Helper()
	answer := ask(t, a, http.MethodGet, "/health")
	var got healthAnswer
	if err := json.Unmarshal(answer.Body.Bytes(), &got); err != nil {
		t.Fatalf("%v: %s", err, answer.Body)
	}
	code, status := http.StatusOK, "ok"
	if len(reasons) > 0 {
		code, status = http.StatusServiceUnavailable, "failing"
	}
	if answer.Code != code || got.Status != status {
		t.Errorf("%d %q, want %d %q", answer.Code, got.Status, code, status)
	}
	names := []string{}
	for _, reason := range got.Reasons {
		if reason.Message == "" || strings.Contains(reason.Message, "/") {
			t.Errorf("%s: message %q, want one without paths", reason.Reason, reason.Message)
		}
		names = append(names, reason.Reason)
	}
	if diff := cmp.Diff(append([]string{}, reasons...), names); diff != "" {
		t.Errorf("reasons (-want +got):\n%s", diff)
	}
	if got.Reasons == nil {
		t.Error("reasons are null, want a list")
	}
}

func TestHealthOfAWriter(t *testing.T) {
	r := record(t, service.Config{})
	r.fill(t)
	healthy(t, r.api)
	answer := ask(t, r.api, http.MethodHead, "/health")
	if answer.Code != http.StatusOK {
		t.Errorf("HEAD: %d, want 200", answer.Code)
	}
}

func TestHealthOfAFullDisk(t *testing.T) {
	r := record(t, service.Config{})
	s := r.series(t, service.RTT, "cable", nil)
	healthy(t, r.api)
	var samples []service.Sample
	for i := range 10_000 {
		samples = append(samples,
			service.Sample{Series: s, Time: time.Now().Add(-time.Duration(i) * time.Millisecond), Value: 1})
	}
	release := filetest.Limit(t, 128<<10)
	err := r.writer.Write(t.Context(), samples...)
	release()
	if err == nil {
		t.Fatal("there was room for everything")
	}
	healthy(t, r.api, "disk_full")
	r.write(t, samples...)
	healthy(t, r.api)
}

// A reader can tell from the file that nobody looks after it; a writer knows for itself.
func TestHealthOfAFileThatNobodyMaintains(t *testing.T) {
	r := record(t, service.Config{})
	reading := answering(t, api.Options{Path: r.path})
	healthy(t, reading)
	r.fill(t)
	healthy(t, reading, "maintenance_overdue")
	healthy(t, r.api)
	if _, err := r.writer.Maintain(t.Context()); err != nil {
		t.Fatal(err)
	}
	healthy(t, reading)
}

func TestHealthOfAFileThatCanNotBeRead(t *testing.T) {
	r := record(t, service.Config{})
	for name, content := range map[string]string{"empty": "",
		"text": strings.Repeat("not a database\n", 100)} {
		path := r.path + "." + name
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		healthy(t, answering(t, api.Options{Path: path}), "file_unreadable")
	}
	healthy(t, answering(t, api.Options{Path: r.path + ".away"}), "file_unreadable")
	healthy(t, answering(t, api.Options{Path: r.path + ".away", Writer: r.writer}), "file_unreadable")
}

// A file that is recorded is not shown under another name, where it would look as if it stood
// still.
func TestHealthOfAFileUnderAnotherName(t *testing.T) {
	if runtime.GOOS != "linux" && runtime.GOOS != "darwin" {
		t.Skip("names are not locked on this system")
	}
	r := record(t, service.Config{})
	link := r.path + ".link"
	if err := os.Link(r.path, link); err != nil {
		t.Fatal(err)
	}
	a := answering(t, api.Options{Path: link})
	healthy(t, a, "file_unreadable")
	answer := ask(t, a, http.MethodGet, "/health")
	if text := answer.Body.String(); !strings.Contains(text, service.ErrOtherName.Error()) {
		t.Errorf("/health says %s, want %q", text, service.ErrOtherName)
	}
	answer = ask(t, a, http.MethodGet, "/metrics/history?range=1h")
	if answer.Code != http.StatusServiceUnavailable {
		t.Errorf("a question: got %d, want 503: %s", answer.Code, answer.Body)
	}
}

// A file that comes is found, one that goes is missed.
func TestHealthFollowsTheFile(t *testing.T) {
	r := record(t, service.Config{})
	place := r.path + ".moved"
	a := answering(t, api.Options{Path: place})
	healthy(t, a, "file_unreadable")
	if err := os.Symlink(r.path, place); err != nil {
		t.Fatal(err)
	}
	healthy(t, a)
	if err := os.Remove(place); err != nil {
		t.Fatal(err)
	}
	healthy(t, a, "file_unreadable")
}

// What is worth knowing is told beside, and is no reason.
func TestHealthHasNotes(t *testing.T) {
	r := record(t, service.Config{})
	r.fill(t)
	r.api.Add(api.Part{Notes: func() []service.Problem {
		return []service.Problem{{Reason: "a_note", Message: "for people"}}
	}})
	healthy(t, r.api)
	const want = `"notes":[{"reason":"a_note","message":"for people"}]`
	if got := ask(t, r.api, http.MethodGet, "/health").Body.String(); !strings.Contains(got, want) {
		t.Errorf("the answer is %s, want %s in it", got, want)
	}
}
