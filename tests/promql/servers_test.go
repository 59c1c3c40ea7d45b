package promql

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/wanstore/wanstore/tests/internal/procs"
)

// server is a process that answers PromQL over HTTP.
type server struct {
	name, url string
	process   *os.Process
	client    http.Client
}

// start starts a server, and waits until it answers.
func start(b *testing.B, name, address, program string, arguments ...string) *server {
	b.Helper()
	log := &bytes.Buffer{}
	command := exec.CommandContext(b.Context(), program, arguments...)
	command.Stdout, command.Stderr = log, log
	if err := command.Start(); err != nil {
		b.Fatal(err)
	}
	s := &server{name: name, url: "http://" + address, process: command.Process}
	s.client.Transport = &http.Transport{DisableCompression: true}
	b.Cleanup(func() {
		_ = command.Process.Kill()
		_ = command.Wait()
		s.client.CloseIdleConnections()
	})
	for deadline := time.Now().Add(time.Minute); ; {
		_, _, err := s.post("query", url.Values{"query": {"vector(1)"}})
		if err == nil {
			return s
		}
		if time.Now().After(deadline) {
			b.Fatalf("%s does not answer: %v: %s", name, err, log)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// freeAddress returns one of the loopback where nobody listens.
func freeAddress(b *testing.B) string {
	b.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

// startPrometheus starts Debian's on blocks that are there.
func startPrometheus(b *testing.B, dir string) *server {
	b.Helper()
	config := filepath.Join(b.TempDir(), "prometheus.yml")
	if err := os.WriteFile(config, nil, 0o600); err != nil {
		b.Fatal(err)
	}
	address := freeAddress(b)
	return start(b, "prometheus", address, "prometheus", "--config.file="+config,
		"--storage.tsdb.path="+dir, "--storage.tsdb.retention.time=100y",
		"--web.listen-address="+address)
}

// startWanstore builds the program of this tree, as it is shipped, and serves a file.
func startWanstore(b *testing.B, path string) *server {
	b.Helper()
	program := filepath.Join(b.TempDir(), "wanstore")
	build := exec.CommandContext(b.Context(), "go", "build", "-C", "../..", "-trimpath",
		"-ldflags=-s -w", "-o", program, "./cmd/wanstore")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if output, err := build.CombinedOutput(); err != nil {
		b.Fatalf("go build: %v: %s", err, output)
	}
	address := freeAddress(b)
	return start(b, "wanstore", address, program, "serve", "--db", path, "--listen", address)
}

// answer is how Prometheus's API wraps what it found.
type answer struct {
	Status, Error string
	Data          struct {
		Result []struct {
			Values [][2]any
			Value  [2]any
		}
	}
}

// post asks a question, and reads the answer before it looks into that: what took so long is the
// server.
func (s *server) post(path string, form url.Values) (got answer, took time.Duration, err error) {
	begun := time.Now()
	response, err := s.client.PostForm(s.url+"/api/v1/"+path, form)
	if err != nil {
		return got, 0, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	took = time.Since(begun)
	if err != nil {
		return got, took, err
	}
	if err := json.Unmarshal(body, &got); err != nil {
		return got, took, fmt.Errorf("%s: %.200s: %w", response.Status, body, err)
	}
	if got.Status != "success" {
		return got, took, fmt.Errorf("%s: %s", response.Status, got.Error)
	}
	return got, took, nil
}

// cost is what answering took.
type cost struct{ wall, cpu time.Duration }

// measure asks a question, and returns what that cost the server, and how many values came.
func (s *server) measure(b *testing.B, q question) (cost, int) {
	b.Helper()
	before := procs.CPU(b, s.process.Pid)
	got, took, err := s.post(q.path(), q.form(s.name))
	if err != nil {
		b.Fatalf("%s: %s: %v", s.name, q.expr, err)
	}
	spent := cost{took, procs.CPU(b, s.process.Pid) - before}
	values := 0
	for _, one := range got.Data.Result {
		values += max(1, len(one.Values))
	}
	return spent, values
}
