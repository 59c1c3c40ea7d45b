package push

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// kind is a program that takes remote write.
type kind struct {
	name  string
	find  func(t testing.TB) (program string)
	flags func(address, data string) []string
	ready string // answers 200 once samples are taken
	flush string // makes visible what was taken; empty where that is so at once
}

// receiver is a program that takes remote write, with a folder and a port of its own.
type receiver struct {
	kind

	t       testing.TB
	program string
	more    []string // flags of this test
	address string
	data    string
	running *exec.Cmd     // nil while it does not run
	ended   chan struct{} // closed when it has ended
}

// writePath is where all receivers take remote write.
const writePath = "/api/v1/write"

// start starts a receiver that has nothing yet. The test ends it.
func start(t testing.TB, k kind, more ...string) *receiver {
	t.Helper()
	r := &receiver{kind: k, t: t, program: k.find(t), more: more, data: t.TempDir()}
	t.Cleanup(r.kill)
	const tries = 10
	for range tries {
		r.address = freeAddress(t)
		if err := r.run(); err == nil {
			return r
		}
		r.kill() // somebody else may have been faster to take the port
	}
	t.Fatalf("%s cannot be started: %s", k.name, r.lastWords())
	return nil
}

// freeAddress returns an address of the loopback that nobody uses. It is below the ports that the
// system gives to those who connect, so that it stays free while the receiver is down.
func freeAddress(t testing.TB) string {
	t.Helper()
	for {
		address := fmt.Sprintf("127.0.0.1:%d", 20_000+rand.IntN(10_000))
		var config net.ListenConfig
		listener, err := config.Listen(t.Context(), "tcp", address)
		if err != nil {
			continue
		}
		if err := listener.Close(); err != nil {
			t.Fatal(err)
		}
		return address
	}
}

// run starts the program and waits until it takes samples.
func (r *receiver) run() error {
	log, err := os.OpenFile(r.logPath(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	// Not of the test's context: that ends before the cleanups do.
	command := exec.Command(r.program, append(r.flags(r.address, r.data), r.more...)...)
	command.Stdout, command.Stderr = log, log
	if err := command.Start(); err != nil {
		return err
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = command.Wait()
	}()
	r.running, r.ended = command, ended
	ready := func() bool {
		if r.gone() {
			return true
		}
		status, _, err := get(r.t, "http://"+r.address+r.ready)
		return err == nil && status == http.StatusOK
	}
	if !within(time.Minute, ready) || r.gone() {
		return errors.New(r.name + " does not become ready")
	}
	return nil
}

func (r *receiver) gone() bool {
	select {
	case <-r.ended:
		return true
	default:
		return false
	}
}

func (r *receiver) logPath() string { return r.data + ".log" }

// lastWords are the end of what the program has logged.
func (r *receiver) lastWords() string {
	text, err := os.ReadFile(r.logPath())
	if err != nil {
		return err.Error()
	}
	return string(text[max(0, len(text)-2000):])
}

// restart starts it again, at the same address and with the data that it has.
func (r *receiver) restart() {
	r.t.Helper()
	if err := r.run(); err != nil {
		r.t.Fatalf("%v: %s", err, r.lastWords())
	}
}

// kill kills it, as kill -9 does.
func (r *receiver) kill() { r.end(os.Kill) }

// stop lets it end by itself.
func (r *receiver) stop() { r.end(os.Interrupt) }

func (r *receiver) end(by os.Signal) {
	if r.running == nil {
		return
	}
	_ = r.running.Process.Signal(by) // it may have ended by itself
	<-r.ended
	r.running = nil
}

// copyData copies the data of a receiver that does not run.
func (r *receiver) copyData() (copied string) {
	r.t.Helper()
	copied = filepath.Join(r.t.TempDir(), "copy")
	if err := os.CopyFS(copied, os.DirFS(r.data)); err != nil {
		r.t.Fatal(err)
	}
	return copied
}

// restore replaces the data of a receiver that does not run by a copy.
func (r *receiver) restore(copied string) {
	r.t.Helper()
	if err := errors.Join(os.RemoveAll(r.data), os.CopyFS(r.data, os.DirFS(copied))); err != nil {
		r.t.Fatal(err)
	}
}

// writeURL is where it takes samples.
func (r *receiver) writeURL() string { return "http://" + r.address + writePath }

// ask asks over HTTP and returns the body of the answer.
func (r *receiver) ask(path string, values url.Values) []byte {
	r.t.Helper()
	status, body, err := get(r.t, "http://"+r.address+path+"?"+values.Encode())
	if err != nil || status/100 != 2 {
		r.t.Fatalf("%s: %d, %v: %.500s", path, status, err, body)
	}
	return body
}

// client is for all but the sender.
var client = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}

func get(t testing.TB, address string) (status int, body []byte, err error) {
	t.Helper()
	// A cleanup may ask, too.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), time.Minute)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return 0, nil, err
	}
	response, err := client.Do(request)
	if err != nil {
		return 0, nil, err
	}
	defer response.Body.Close()
	body, err = io.ReadAll(response.Body)
	return response.StatusCode, body, err
}

// within asks until the answer is yes, less often the longer it takes, and says whether it was
// within the limit.
func within(limit time.Duration, ask func() bool) bool {
	end := time.After(limit)
	for pause := 10 * time.Millisecond; ; pause = min(2*pause, time.Second) {
		if ask() {
			return true
		}
		select {
		case <-end:
			return false
		case <-time.After(pause):
		}
	}
}
