package push

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
)

// dedup makes one of samples with the same moment.
const dedup = "-dedup.minScrapeInterval=1ms"

// victoriaMetrics is the single node, with what docs/FLEET.md says that a fleet needs.
var victoriaMetrics = kind{
	name: "VictoriaMetrics",
	find: findVictoriaMetrics,
	flags: func(address, data string) []string {
		return []string{"-httpListenAddr=" + address, "-storageDataPath=" + data,
			"-retentionPeriod=10y", "-search.maxUniqueTimeseries=1000000", "-loggerLevel=WARN"}
	},
	ready: "/health",
	flush: "/internal/force_flush",
}

var (
	buildVictoriaMetrics = builder("victoria-metrics")
	buildVmagent         = builder("vmagent")
)

// builder returns what builds a program of VictoriaMetrics where it is not in Go's build cache
// already, and returns its path there, or else why not.
func builder(program string) func() (path, whyNot string) {
	return sync.OnceValues(func() (path, whyNot string) {
		load := exec.Command("go", "mod", "download")
		load.Dir = "../../tools/victoriametrics"
		if output, err := load.CombinedOutput(); err != nil {
			return "", fmt.Sprintf("%v: %s", err, output)
		}
		build := exec.Command("go", "tool", "-n", program)
		build.Dir = load.Dir
		build.Env = append(os.Environ(), "CGO_ENABLED=0") // as a machine without a C compiler builds it
		output, err := build.Output()
		if err != nil {
			var words []byte
			if exit, ok := errors.AsType[*exec.ExitError](err); ok {
				words = exit.Stderr
			}
			return "", fmt.Sprintf("%v: %s", err, words)
		}
		return strings.TrimSpace(string(output)), ""
	})
}

func findVictoriaMetrics(t testing.TB) string {
	t.Helper()
	return built(t, buildVictoriaMetrics)
}

// built returns the path of a program that was built, or skips the test.
func built(t testing.TB, build func() (path, whyNot string)) string {
	t.Helper()
	path, whyNot := build()
	if path == "" {
		t.Skipf("VictoriaMetrics cannot be had here: %s", whyNot)
	}
	return path
}
