package push

import (
	"bytes"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// document is what describes a fleet.
const document = "../../docs/FLEET.md"

// blocks returns the code blocks of a language in a section of the document.
func blocks(t testing.TB, section, language string) []string {
	t.Helper()
	text, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(text), "\n## "+section+"\n")
	if !found {
		t.Fatalf("%s has no section %s", document, section)
	}
	rest, _, _ = strings.Cut(rest, "\n## ")
	var list []string
	for _, match := range regexp.MustCompile("(?ms)^```"+language+"\n(.*?)^```$").
		FindAllStringSubmatch(rest, -1) {
		list = append(list, match[1])
	}
	return list
}

// The commands of the walk-through do what it says that they do.
func TestWalkThrough(t *testing.T) {
	t.Parallel()
	programs := t.TempDir()
	for name, path := range map[string]string{"victoria-metrics": victoriaMetrics.find(t),
		"prometheus": windowPrometheus.find(t), "wanstore": wanstore(t)} {
		if err := os.Symlink(path, filepath.Join(programs, name)); err != nil {
			t.Fatal(err)
		}
	}
	commands := blocks(t, "Walk-through", "sh")
	const before, after = 3, 2 // those that set up, and those that look and end
	if len(commands) != before+after {
		t.Fatalf("the walk-through has %d blocks", len(commands))
	}
	receivers := map[string]string{"127.0.0.1:8428": freeAddress(t), "127.0.0.1:9090": freeAddress(t)}
	for i, text := range commands {
		for written, free := range receivers {
			text = strings.ReplaceAll(text, written, free)
		}
		commands[i] = text
	}
	shell := exec.CommandContext(t.Context(), "bash", "-eu")
	shell.Dir = t.TempDir()
	shell.Env = append(os.Environ(), "PATH="+programs+":"+os.Getenv("PATH"))
	var output bytes.Buffer
	shell.Stdout, shell.Stderr = &output, &output
	input, err := shell.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	ownGroup(shell)
	if err := shell.Start(); err != nil {
		t.Fatal(err)
	}
	defer killGroup(shell) // what it has started and not ended
	shell.WaitDelay = time.Second
	write(t, input, commands[:before])
	for _, address := range receivers {
		if !within(enough, func() bool { return hasBothSites(t, address) }) {
			t.Errorf("%s does not get both sites", address)
		}
	}
	write(t, input, commands[before:])
	_ = input.Close()
	if err := shell.Wait(); err != nil {
		t.Errorf("%v: %s", err, output.String())
	}
	if got := strings.Count(output.String(), `"metric":{"site":"hamburg"}`); got != len(receivers) {
		t.Errorf("%d receivers show a site, want %d: %s", got, len(receivers), output.String())
	}
}

func write(t *testing.T, input io.Writer, commands []string) {
	t.Helper()
	for _, text := range commands {
		if _, err := io.WriteString(input, text); err != nil {
			t.Fatal(err)
		}
	}
}

func hasBothSites(t *testing.T, address string) bool {
	t.Helper()
	const query = "count by (site) (last_over_time(wanctl_rtt_ms[2h]))"
	_, body, err := get(t, fmt.Sprintf("http://%s/api/v1/query?query=%s", address,
		url.QueryEscape(query)))
	return err == nil && bytes.Contains(body, []byte("berlin")) &&
		bytes.Contains(body, []byte("hamburg"))
}

// checkQueries fails the test where a query of the document does not answer at a moment.
func (r *receiver) checkQueries(at time.Time) {
	r.t.Helper()
	queries := blocks(r.t, "Grafana", "promql")
	if len(queries) < 4 {
		r.t.Fatalf("%s has only %d queries", document, len(queries))
	}
	for _, query := range queries {
		answer := r.ask("/api/v1/query", url.Values{
			"query": {query}, "time": {strconv.FormatInt(at.Unix(), 10)}, "nocache": {"1"},
		})
		empty := bytes.Contains(answer, []byte(`"result":[]`))
		silent := strings.Contains(query, "unless") // there is none
		if empty != silent {
			r.t.Errorf("%s: %s", query, answer)
		}
	}
}
