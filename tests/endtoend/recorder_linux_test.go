package endtoend

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/service"
)

// patience is how long a recorder may live, so that one which does not say what it should ends.
const patience = 3 * time.Minute

// recorder is a process that records inside a network.
type recorder struct {
	command *exec.Cmd
	talk    *bufio.Scanner
	report  bytes.Buffer
}

// report is what a recorder says at its end.
type report struct {
	Target    string `json:"target"`
	Interface string `json:"interface"`
	Probe     string `json:"probe"`
	WAN       string `json:"wan_name"`
	Echoes    struct {
		Sent       uint64 `json:"sent"`
		Received   uint64 `json:"received"`
		Late       uint64 `json:"late"`
		Lost       uint64 `json:"lost"`
		Waiting    uint64 `json:"waiting"`
		LeftOut    uint64 `json:"left_out"`
		Duplicates uint64 `json:"duplicates"`

		LossRatio *float64 `json:"loss_ratio"`
	} `json:"echoes"`
	RTT *struct {
		Min float64 `json:"min"`
		Max float64 `json:"max"`
	} `json:"rtt_ms"`
	States []struct {
		Name  string  `json:"name"`
		Share float64 `json:"share"`
	} `json:"states"`
}

// record starts a recorder in the namespace of the client, by a command line before its own.
func (n network) record(
	t *testing.T, before []string, program string, arguments ...string,
) *recorder {
	t.Helper()
	line := append([]string{"netns", "exec", n.client}, before...)
	line = append(append(line, program, "record", "--json"), arguments...)
	r := &recorder{command: exec.Command("ip", line...)}
	r.command.Stdout = &r.report
	stderr, err := r.command.StderrPipe()
	if err == nil {
		err = r.command.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	hung := time.AfterFunc(patience, func() { _ = r.command.Process.Kill() })
	t.Cleanup(func() {
		hung.Stop()
		if r.command.ProcessState == nil {
			_ = r.command.Process.Kill() // the test has failed
			_ = r.command.Wait()
		}
	})
	r.talk = bufio.NewScanner(stderr)
	return r
}

// waitFor waits until the recorder says something, and returns the whole line.
func (r *recorder) waitFor(t *testing.T, text string) string {
	t.Helper()
	for r.talk.Scan() {
		t.Log(r.talk.Text())
		if strings.Contains(r.talk.Text(), text) {
			return r.talk.Text()
		}
	}
	t.Fatalf("it ended and did not say %q", text)
	return ""
}

// waitForPoints waits until points of a metric are in the file that come after a moment.
func waitForPoints(t *testing.T, db, metric string, after time.Time) []service.Point {
	t.Helper()
	for t.Context().Err() == nil {
		var points []service.Point
		history, err := service.OpenHistory(t.Context(), db)
		if err != nil {
			t.Fatal(err)
		}
		query := service.Query{Filter: service.Filter{Metrics: []string{metric}}, From: after,
			Until: time.Now().Add(time.Minute)}
		for point, err := range history.Range(t.Context(), query) {
			if err != nil {
				t.Fatal(err)
			}
			points = append(points, point)
		}
		if err := history.Close(); err != nil {
			t.Fatal(err)
		}
		if len(points) > 0 {
			return points
		}
		time.Sleep(100 * time.Millisecond)
	}
	return nil
}

// end waits for the end of the recorder and returns what it says then.
func (r *recorder) end(t *testing.T) report {
	t.Helper()
	for r.talk.Scan() {
		t.Log(r.talk.Text())
	}
	if err := r.command.Wait(); err != nil {
		t.Fatal(err)
	}
	var said report
	if err := json.Unmarshal(r.report.Bytes(), &said); err != nil {
		t.Fatalf("%v: %s", err, r.report.Bytes())
	}
	return said
}

func (r *recorder) signal(t *testing.T, signal os.Signal) {
	t.Helper()
	if err := r.command.Process.Signal(signal); err != nil {
		t.Fatal(err)
	}
}

// Two stops of two seconds on a line of 300 ms: echoes are always on their way.
func TestAStoppedRecorderIsNoSlowLine(t *testing.T) {
	needTUN(t)
	n := newNetwork(t)
	newFarHost(t, n.client, farHost{delay: 300 * time.Millisecond, answers: 1})
	program, db := build(t, t.TempDir()), filetest.Path(t)
	r := n.record(t, nil, program, "--target", farAddress, "--db", db)
	r.waitFor(t, "recording "+farAddress)
	for range 2 {
		waitForPoints(t, db, service.RTT, time.Now())
		r.signal(t, syscall.SIGSTOP)
		time.Sleep(2 * time.Second) // the stop
		r.signal(t, syscall.SIGCONT)
	}
	waitForPoints(t, db, service.RTT, time.Now())
	r.signal(t, syscall.SIGTERM)
	said := r.end(t)
	if said.RTT == nil || said.RTT.Min < 300 || said.RTT.Max > 1300 {
		t.Errorf("round trips %+v, of 300 ms and two stops of 2 s", said.RTT)
	}
	if said.Echoes.Lost != 0 {
		t.Errorf("echoes %+v", said.Echoes)
	}
}

// A line of 1.4 s whose answers all come twice is a line of 1.4 s.
func TestLateAnswersAreAnswers(t *testing.T) {
	needTUN(t)
	n := newNetwork(t)
	newFarHost(t, n.client, farHost{delay: 1400 * time.Millisecond, answers: 2})
	program, db := build(t, t.TempDir()), filetest.Path(t)
	said := n.record(t, nil, program, "--target", farAddress, "--for", "5s", "--db", db).end(t)
	e := said.Echoes
	if e.Late == 0 || e.Late+e.LeftOut != e.Received || e.Lost != 0 || e.Duplicates == 0 ||
		e.Sent != e.Received+e.Waiting {
		t.Errorf("echoes %+v", e)
	}
	if said.RTT == nil || said.RTT.Min < 1400 {
		t.Errorf("round trips %+v", said.RTT)
	}
}

// The share of echoes lost is exactly what is recorded, of a line that answers twice. Each sample
// is part of a block: none was older than those before it.
func TestLossIsRecorded(t *testing.T) {
	needTUN(t)
	n := newNetwork(t)
	newFarHost(t, n.client, farHost{delay: 300 * time.Millisecond, answers: 2, loses: 5})
	program, db := build(t, t.TempDir()), filetest.Path(t)
	said := n.record(t, nil, program, "--target", farAddress, "--for", "6s", "--wait", "2s", "--db",
		db).end(t)
	e := said.Echoes
	if e.Lost == 0 || e.Duplicates == 0 || e.Waiting == 0 || e.Sent != e.Received+e.Lost+e.Waiting {
		t.Errorf("echoes %+v", e)
	}
	var lost float64
	begin := time.Now().Add(-time.Hour)
	samples := waitForPoints(t, db, service.LossRatio, begin)
	for _, s := range samples {
		lost += s.Value
	}
	if lost != float64(e.Lost) || uint64(len(samples)) != e.Received+e.Lost {
		t.Errorf("%v lost of %d recorded, echoes %+v", lost, len(samples), e)
	}
	if ratio := lost / float64(len(samples)); e.LossRatio == nil || *e.LossRatio != ratio {
		t.Errorf("recorded %v, said %v", ratio, e.LossRatio)
	}
	rows := filetest.Int(t, db, "SELECT count(*) FROM raw_samples JOIN series "+
		"ON series.id = series_id WHERE metric_name = '"+service.LossRatio+"'")
	if rows != 0 {
		t.Errorf("%d samples are rows", rows)
	}
	if jitter := waitForPoints(t, db, service.RTTJitter, begin); len(jitter) < 5 {
		t.Errorf("%d jitters in 6 s", len(jitter))
	}
}

// The default route goes over to another router, and then to another interface.
func TestRecordFollowsTheDefaultRoute(t *testing.T) {
	n := newNetwork(t)
	const second, third = "192.0.2.3", "203.0.113.1"
	ip(t, "-n", n.router, "address", "add", second+"/24", "dev", "lan0")
	ip(t, "link", "add", "wan1", "netns", n.client, "type", "veth", "peer", "name", "lan1", "netns",
		n.router)
	ip(t, "-n", n.router, "address", "add", third+"/24", "dev", "lan1")
	ip(t, "-n", n.router, "link", "set", "lan1", "up")
	ip(t, "-n", n.client, "address", "add", "203.0.113.2/24", "dev", "wan1")
	ip(t, "-n", n.client, "link", "set", "wan1", "up")
	program, db := build(t, t.TempDir()), filetest.Path(t)
	r := n.record(t, nil, program, "--db", db)
	r.waitFor(t, "recording "+n.gateway+" through wan0")
	ip(t, "-n", n.client, "route", "replace", "default", "via", second)
	r.waitFor(t, "target="+second+" interface=wan0 before="+n.gateway)
	ip(t, "-n", n.client, "route", "replace", "default", "via", third)
	r.waitFor(t, "target="+third+" interface=wan1 before="+second)
	waitForPoints(t, db, service.RTT, time.Now())
	r.signal(t, syscall.SIGTERM)
	if said := r.end(t); said.Target != third || said.Interface != "wan1" || said.WAN != "wan0" {
		t.Errorf("%+v", said)
	}
}

// The interface is taken away and recreated: no rate is more than what passed, and echoes go on.
func TestRecordFollowsTheInterface(t *testing.T) {
	n := newNetwork(t)
	program, db := build(t, t.TempDir()), filetest.Path(t)
	r := n.record(t, nil, program, "--db", db)
	r.waitFor(t, "recording "+n.gateway+" through wan0")
	waitForPoints(t, db, service.RTT, time.Time{})
	ip(t, "-n", n.client, "link", "delete", "wan0")
	r.waitFor(t, "waiting for the line")
	waitForPoints(t, db, service.State, time.Now().Add(time.Second)) // RED, past the silence limit
	n.cable(t)
	r.waitFor(t, "the line has changed")
	back := waitForPoints(t, db, service.RTT, time.Now())
	waitForPoints(t, db, service.RateUpload, back[0].Time)
	r.signal(t, syscall.SIGTERM)
	said := r.end(t)
	red := false
	for _, s := range said.States {
		red = red || s.Name == "RED"
	}
	if !red {
		t.Errorf("an outage, and the states are %+v", said.States)
	}
	for _, point := range waitForPoints(t, db, service.RateUpload, time.Now().Add(-time.Hour)) {
		if point.Max > 1 { // 20 echoes of 100 bytes a second are 0.02
			t.Errorf("a rate of %v Mbit/s", point.Max)
		}
	}
}

// Nothing is there yet, and the recorder begins; the line comes, and it goes on.
func TestRecordStartsInAnOutage(t *testing.T) {
	n := newNetwork(t)
	ip(t, "-n", n.client, "link", "delete", "wan0")
	program, db := build(t, t.TempDir()), filetest.Path(t)
	said := n.record(t, nil, program, "--for", "2s", "--db", db).end(t)
	if said.RTT != nil || said.Target != "" || len(said.States) != 1 || said.States[0].Name != "RED" {
		t.Errorf("of an outage: %+v", said)
	}
	r := n.record(t, nil, program, "--wan", "cable", "--db", db)
	r.waitFor(t, "waiting for the line")
	n.cable(t)
	if line := r.waitFor(t, "level="); !strings.Contains(line, "the line has changed") {
		t.Errorf("it says %s", line)
	}
	waitForPoints(t, db, service.RTT, time.Time{})
	r.signal(t, syscall.SIGTERM)
	if said := r.end(t); said.Target != n.gateway || said.WAN != "cable" || said.RTT == nil {
		t.Errorf("after an outage: %+v", said)
	}
}

// One address of a host is dead, and another one is not.
func TestRecordTriesTheNextAddress(t *testing.T) {
	n := newNetwork(t)
	folder := filepath.Join("/etc/netns", n.client) // what ip netns exec shows as /etc
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() {
		_ = os.RemoveAll(folder)
		_ = os.Remove(filepath.Dir(folder)) // if it is empty
	})
	hosts := "192.0.2.9 far.example\n" + n.gateway + " far.example\n"
	if err := os.WriteFile(filepath.Join(folder, "hosts"), []byte(hosts), 0o644); err != nil {
		t.Fatal(err)
	}
	program, db := build(t, t.TempDir()), filetest.Path(t)
	r := n.record(t, nil, program, "--target", "far.example", "--db", db)
	r.waitFor(t, "recording 192.0.2.9")
	r.waitFor(t, "target="+n.gateway)
	waitForPoints(t, db, service.RTT, time.Time{})
	r.signal(t, syscall.SIGTERM)
	r.end(t)
}

// A default route without a router leads to the far end of its link; where the link has none, the
// recorder says what helps.
func TestRecordOfAPointToPointLink(t *testing.T) {
	n := newNetwork(t)
	ip(t, "-n", n.client, "address", "flush", "dev", "wan0")
	ip(t, "-n", n.client, "address", "add", "192.0.2.2/32", "dev", "wan0")
	ip(t, "-n", n.client, "route", "add", "default", "dev", "wan0")
	program, db := build(t, t.TempDir()), filetest.Path(t)
	output, err := exec.Command("ip", "netns", "exec", n.client, program, "record", "--db",
		db).CombinedOutput()
	if err == nil || !strings.Contains(string(output), "--target HOST") {
		t.Errorf("without a far end: %v: %s", err, output)
	}
	ip(t, "-n", n.client, "address", "flush", "dev", "wan0")
	ip(t, "-n", n.client, "address", "add", "192.0.2.2", "peer", n.gateway, "dev", "wan0")
	ip(t, "-n", n.client, "route", "add", "default", "dev", "wan0")
	said := n.record(t, nil, program, "--for", "2s", "--db", db).end(t)
	if said.Target != n.gateway || said.RTT == nil {
		t.Errorf("with a far end: %+v", said)
	}
}

// Who may not send echoes connects, and a refusal is an answer.
func TestRecordWithoutRights(t *testing.T) {
	if _, err := exec.LookPath("setpriv"); err != nil {
		t.Skip(err)
	}
	n := newNetwork(t)
	folder := publicFolder(t)
	program, db := build(t, folder), filepath.Join(folder, "wan.db")
	if err := os.Chmod(folder, 0o777); err != nil {
		t.Fatal(err)
	}
	nobody := []string{"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"}
	r := n.record(t, nobody, program, "--db", db, "--for", "4s")
	r.waitFor(t, "TCP")
	said := r.end(t)
	if said.Probe != "tcp" || said.RTT == nil || said.Echoes.Lost != 0 {
		t.Errorf("%+v", said)
	}
	for _, metric := range []string{service.RTT, service.LossRatio} {
		points := waitForPoints(t, db, metric, time.Now().Add(-time.Hour))
		if points[0].Labels["probe"] != "tcp" {
			t.Errorf("labels %v of %s", points[0].Labels, metric)
		}
	}
	insisting := append([]string{"netns", "exec", n.client}, nobody...)
	insisting = append(insisting, program, "record", "--probe", "icmp", "--db", db)
	output, err := exec.Command("ip", insisting...).CombinedOutput()
	if err == nil || !strings.Contains(string(output), "ping_group_range") {
		t.Errorf("insisting on echoes: %v: %s", err, output)
	}
	if err := filetest.Check(db); err != nil {
		t.Error(err)
	}
}

// A hangup ends the recorder in order, and one that is ignored, as under nohup, does not.
func TestHangup(t *testing.T) {
	filetest.HearHangups(t)
	n := newNetwork(t)
	program, db := build(t, t.TempDir()), filetest.Path(t)
	r := n.record(t, []string{"sh", "-c", `trap "" HUP; exec "$@"`, "sh"}, program, "--db", db)
	r.waitFor(t, "recording")
	r.signal(t, syscall.SIGHUP)
	waitForPoints(t, db, service.State, time.Now().Add(time.Second))
	r.signal(t, syscall.SIGTERM)
	r.end(t)
	r = n.record(t, nil, program, "--db", db)
	r.waitFor(t, "recording")
	r.signal(t, syscall.SIGHUP)
	r.end(t)
}
