package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wanstore/wanstore/push"
)

// manyMinutes imports a history of so many minutes, which end ten minutes ago.
func manyMinutes(t *testing.T, minutes int) (db string) {
	t.Helper()
	dir := t.TempDir()
	db, rows := filepath.Join(dir, "wan.db"), filepath.Join(dir, "rows.csv")
	var text strings.Builder
	text.WriteString("timestamp_ms,wan,metric,labels_json,value\n")
	begin := time.Now().Add(-time.Duration(minutes+10) * time.Minute).Truncate(time.Minute)
	for i := range minutes {
		fmt.Fprintf(&text, "%d,w,m,{},%d\n", begin.Add(time.Duration(i)*time.Minute).UnixMilli(), i)
	}
	if err := os.WriteFile(rows, []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	output(t, "import", "--db", db, rows)
	output(t, "maintain", "--db", db)
	return db
}

// taking is a receiver that counts what it takes, slowly.
func taking(t *testing.T) (url string, posts *atomic.Int64) {
	t.Helper()
	posts = new(atomic.Int64)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.Copy(io.Discard, r.Body); err == nil {
			posts.Add(1)
		}
		w.WriteHeader(http.StatusNoContent)
	}))
	t.Cleanup(server.Close)
	return server.URL + "/api/v1/write", posts
}

func readPush(t *testing.T, db string) []push.Status {
	t.Helper()
	var status pushStatus
	if err := json.Unmarshal(output(t, "push", "status", "--json", "--db", db), &status); err != nil {
		t.Fatal(err)
	}
	return status.Targets
}

// A sender that is killed again and again gets there all the same: its lock is free at once, and
// the next one goes on where it was.
func TestPushIsKilled(t *testing.T) {
	const minutes = 20 * 60
	db := manyMinutes(t, minutes)
	url, posts := taking(t)
	random := rand.New(rand.NewPCG(3, 4))
	for range 8 {
		before := posts.Load()
		cmd := program(t, "push", "--to", url, "--site", "here", "--query", push.NoQuery,
			"--batch-size", "100", "--replay-rate", "20000", "--db", db)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		waitFor(t, func() bool { return posts.Load() > before+random.Int64N(10) })
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait()
	}
	cmd := program(t, "push", "--to", url, "--site", "here", "--query", push.NoQuery, "--db", db)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	waitFor(t, func() bool {
		all := readPush(t, db)
		return len(all) == 1 && all[0].BacklogSamples == 0 && all[0].Sent > 0
	})
	second := program(t, "push", "--to", url, "--site", "here", "--db", db)
	if out, err := second.CombinedOutput(); err == nil ||
		!strings.Contains(string(out), "another process sends it") {
		t.Errorf("a second sender: %v, %s", err, out)
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("it ends with %v", err)
	}
	status := readPush(t, db)[0]
	if status.Sent < 5*minutes || status.Parked != 0 || status.Expired != 0 {
		t.Errorf("status %+v", status)
	}
	if text := string(output(t, "status", "--db", db)); !strings.Contains(text, url) {
		t.Errorf("status of the file does not show it:\n%s", text)
	}
}

// An interrupt while the file is opened ends a command as one does later.
func TestInterruptedWhileOpening(t *testing.T) {
	db := manyMinutes(t, 2)
	url, _ := taking(t)
	for _, args := range [][]string{
		{"push", "--to", url, "--site", "here", "--db", db},
		{"serve", "--listen", "127.0.0.1:0", "--push", url, "--site", "here", "--db", db},
	} {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		root, said := newRoot(), new(bytes.Buffer)
		root.SetErr(said)
		if code := execute(ctx, root, args); code != exitOK || said.Len() > 0 {
			t.Errorf("%s: exit code %d, %s", args[0], code, said)
		}
	}
}

// A receiver that nobody sends to any more can be forgotten, and one that takes nothing for long is
// shown as such.
func TestPushForget(t *testing.T) {
	db := manyMinutes(t, 2)
	url, _ := taking(t)
	cmd := program(t, "push", "--to", url, "--site", "here", "--query", push.NoQuery, "--db", db)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	waitFor(t, func() bool { all := readPush(t, db); return len(all) == 1 && all[0].Sent > 0 })
	forget := []string{"push", "forget", "--db", db, "--to", url}
	if out, err := program(t, forget...).CombinedOutput(); err == nil ||
		!strings.Contains(string(out), "another process sends it there already") {
		t.Errorf("while it is sent to: %v, %s", err, out)
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("it ends with %v", err)
	}
	shown := pushStatus{readPush(t, db), time.UTC, time.Now().Add(8 * 24 * time.Hour)}
	var text bytes.Buffer
	err := shown.print(&text)
	if err != nil || !strings.Contains(text.String(), "push forget --to "+url) {
		t.Errorf("%v, the status a week later:\n%s", err, &text)
	}
	want := "forgotten: " + url + ` {site="here"} 1m` + "\n"
	if got := string(output(t, forget...)); got != want {
		t.Errorf("it says %q, want %q", got, want)
	}
	if all := readPush(t, db); len(all) > 0 {
		t.Errorf("the status after it: %+v", all)
	}
}

// waitFor waits until something is so.
func waitFor(t *testing.T, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		if is() {
			return
		}
		<-time.After(10 * time.Millisecond)
	}
	t.Fatal("that has not come within " + patience.String())
}
