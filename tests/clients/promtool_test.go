package clients

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/wanstore/wanstore/tests/internal/update"
)

// promtool gets what it asks for, and an exit code and the reason where there is none.
func TestPromtool(t *testing.T) {
	if _, err := exec.LookPath("promtool"); err != nil {
		t.Skip("promtool is missing")
	}
	server := serverURL(t)
	var said strings.Builder
	for _, args := range [][]string{
		{"query", "instant", server, "1+1", "--time", "4"},
		{"query", "instant", server, "wanctl_rtt_baseline_ms", "--time", "2000-01-07T23:59:59Z"},
		{"query", "instant", server, `avg_over_time(wanctl_state_ratio[1d])`,
			"--time", "2000-01-07T00:00:00Z"},
		{"query", "instant", server, "1+"},
		{"query", "range", server, `count_over_time(wanctl_rtt_ms{wan="lte"}[1h])`,
			"--start", "2000-01-02T00:00:00Z", "--end", "2000-01-02T03:00:00Z", "--step", "1h"},
		{"query", "range", server, "up", "--start", "0", "--end", "12000", "--step", "1s"},
		{"query", "series", server, "--match", `{__name__=~"wanctl_rtt.*"}`, "--match", "wanctl_state",
			"--start", "2000-01-01T00:00:00Z", "--end", "2000-01-08T00:00:00Z"},
		{"query", "labels", server, "wan",
			"--start", "2000-01-01T00:00:00Z", "--end", "2000-01-08T00:00:00Z"},
		{"query", "labels", server, "__name__", "--match", `{wan="lte"}`,
			"--start", "2000-01-01T00:00:00Z", "--end", "2000-01-08T00:00:00Z"},
	} {
		output, err := exec.CommandContext(t.Context(), "promtool", args...).CombinedOutput()
		text := strings.ReplaceAll(strings.Join(args, " ")+"\n"+string(output), server, "URL")
		said.WriteString("$ promtool " + text)
		if err != nil {
			said.WriteString(err.Error() + "\n")
		}
	}
	update.Golden(t, "testdata/promtool.txt", said.String())
}
