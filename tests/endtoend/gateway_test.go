// Package endtoend runs the command as its users do: the built program, on a network of its own.
package endtoend

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/service"
)

// network is a client and its gateway, each in a network namespace, joined by a cable. Nothing
// leaves this machine.
type network struct {
	client  string
	router  string
	gateway string // address, from a range that is kept for documentation
}

// newNetwork makes a network, or skips the test where that is not possible.
func newNetwork(t *testing.T) network {
	t.Helper()
	if _, err := exec.LookPath("ip"); err != nil {
		t.Skip(err)
	}
	if os.Geteuid() != 0 {
		t.Skip("making a network takes root")
	}
	router, client := fmt.Sprintf("ws-router-%d", os.Getpid()),
		fmt.Sprintf("ws-client-%d", os.Getpid())
	if output, err := exec.Command("ip", "netns", "add", router).CombinedOutput(); err != nil {
		t.Skipf("network namespaces are not to be had here: %v: %s", err, output)
	}
	t.Cleanup(func() { ip(t, "netns", "delete", router) })
	ip(t, "netns", "add", client)
	t.Cleanup(func() { ip(t, "netns", "delete", client) })
	n := network{client: client, router: router, gateway: "192.0.2.1"}
	n.cable(t)
	return n
}

// cable joins the two and gives the client its default route.
func (n network) cable(t *testing.T) {
	t.Helper()
	client, router := n.client, n.router
	ip(t, "link", "add", "wan0", "netns", client, "type", "veth", "peer", "name", "lan0", "netns",
		router)
	ip(t, "-n", router, "address", "add", n.gateway+"/24", "dev", "lan0")
	ip(t, "-n", router, "link", "set", "lan0", "up")
	ip(t, "-n", client, "address", "add", "192.0.2.2/24", "dev", "wan0")
	ip(t, "-n", client, "link", "set", "wan0", "up")
	ip(t, "-n", client, "route", "add", "default", "via", n.gateway)
}

func ip(t *testing.T, arguments ...string) {
	t.Helper()
	if output, err := exec.Command("ip", arguments...).CombinedOutput(); err != nil {
		t.Fatalf("ip %s: %v: %s", strings.Join(arguments, " "), err, output)
	}
}

// build makes the program in a folder, as a user would.
func build(t *testing.T, folder string) string {
	t.Helper()
	program := filepath.Join(folder, "wanstore")
	if output, err := exec.Command("go", "build", "-o", program,
		"../../cmd/wanstore").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v: %s", err, output)
	}
	return program
}

// The main job, with nothing said of the network: the program finds gateway and interface by
// itself.
func TestRecordMeasuresTheDefaultGateway(t *testing.T) {
	n := newNetwork(t)
	program, db := build(t, t.TempDir()), filetest.Path(t)
	var summary struct {
		Target    string `json:"target"`
		Interface string `json:"interface"`
	}
	command := exec.Command("ip", "netns", "exec", n.client, program, "record", "--for", "2s", "--db",
		db, "--json")
	command.Stderr = t.Output()
	output, err := command.Output()
	if err != nil {
		t.Fatalf("record: %v", err)
	}
	if err := json.Unmarshal(output, &summary); err != nil {
		t.Fatalf("summary %s: %v", output, err)
	}
	if summary.Target != n.gateway || summary.Interface != "wan0" {
		t.Errorf("measured %s through %s, want %s through wan0", summary.Target, summary.Interface,
			n.gateway)
	}
	checkRecorded(t, db)
}

// checkRecorded demands samples of everything that can be measured, of the WAN that is named by its
// interface.
func checkRecorded(t *testing.T, db string) {
	t.Helper()
	ctx := context.Background()
	history, err := service.OpenHistory(ctx, db)
	if err != nil {
		t.Fatal(err)
	}
	defer history.Close()
	now := time.Now()
	summaries, err := history.Summarize(ctx, service.Query{
		Filter: service.Filter{WAN: "wan0"}, From: now.Add(-time.Minute), Until: now.Add(time.Minute),
	})
	if err != nil {
		t.Fatal(err)
	}
	counts := map[string]int64{}
	for _, summary := range summaries {
		counts[summary.Metric] = summary.Count
	}
	for _, metric := range []string{
		service.RTT, service.RTTBaseline, service.RTTDelta, service.LossRatio, service.State,
		service.RateDownload, service.RateUpload,
	} {
		if counts[metric] < 10 { // of 40 cycles: a busy machine may miss some
			t.Errorf("%s has %d samples, want one a cycle or nearly so", metric, counts[metric])
		}
	}
}
