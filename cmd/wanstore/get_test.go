package main

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// get asks a server over HTTP and prints the status and the answer: get FILE PATH [TOKEN]. The
// address is the one that the server prints into FILE, for which it waits.
func get(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 || len(args) > 3 {
		ts.Fatalf("usage: get FILE PATH [TOKEN]")
	}
	base, err := waitForURL(ts.MkAbs(args[0]))
	ts.Check(err)
	request, err := http.NewRequest(http.MethodGet, base+args[1], nil)
	ts.Check(err)
	if len(args) == 3 {
		request.Header.Set("Authorization", "Bearer "+args[2])
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Do(request)
	ts.Check(err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	ts.Check(err)
	fmt.Fprintf(ts.Stdout(), "%s\n%s", response.Status, body)
}

// patience is how long a process may take to do what a test waits for, on a busy machine.
const patience = 2 * time.Minute

// waitForURL returns the URL that a file says, without the slash at its end.
func waitForURL(path string) (string, error) {
	printed := regexp.MustCompile(`(http://\S+)/[,\n]`)
	for begun := time.Now(); time.Since(begun) < patience; time.Sleep(10 * time.Millisecond) {
		text, err := os.ReadFile(path)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return "", err
		}
		if found := printed.FindSubmatch(text); found != nil {
			return string(found[1]), nil
		}
	}
	return "", fmt.Errorf("no URL in %s", path)
}
