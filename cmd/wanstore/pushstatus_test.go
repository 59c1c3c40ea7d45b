package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
)

// A receiver that takes samples and answers no query is told to be one.
func TestPushStatusOfAReceiverThatCannotBeAsked(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/query") {
			http.Error(w, "unsupported path", http.StatusBadRequest)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	}))
	defer server.Close()
	for flag, want := range map[string][2]string{
		"": {"cannot be asked: 400 Bad Request: unsupported path; acknowledgements count",
			"by acknowledgements alone"},
		"--query": {"so nothing is confirmed: cannot be asked: 400 Bad Request: unsupported path",
			"audits fail"},
	} {
		t.Run(flag, func(t *testing.T) {
			db := manyMinutes(t, 10)
			args := []string{"push", "--to", server.URL + "/api/v1/write", "--site", "here", "--db", db}
			if flag != "" {
				args = append(args, flag, server.URL+"/query")
			}
			cmd := program(t, args...)
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			var text string
			waitFor(t, func() bool {
				text = string(output(t, "push", "status", "--db", db))
				return strings.Contains(text, "cannot be asked")
			})
			if !strings.Contains(text, want[0]) {
				t.Errorf("want %q in:\n%s", want[0], text)
			}
			if text = string(output(t, "status", "--db", db)); !strings.Contains(text, want[1]) {
				t.Errorf("want %q in:\n%s", want[1], text)
			}
			if err := cmd.Process.Signal(os.Interrupt); err != nil {
				t.Fatal(err)
			}
			if err := cmd.Wait(); err != nil {
				t.Errorf("it ends with %v", err)
			}
		})
	}
}
