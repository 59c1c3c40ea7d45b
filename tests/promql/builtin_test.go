package promql

import (
	"errors"
	"maps"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/promql/promqltest"

	product "github.com/wanstore/wanstore/promql"
)

// inChild is set in the environment of a process that runs the tests of the language.
const inChild = "WANSTORE_TEST_BUILTIN"

// The fewest evaluations that upstream's files have, so that a run of none proves nothing.
const fewestEvals = 2000

// Of upstream's tests of the language, a file fails none that Prometheus's own TSDB passes when it
// keeps no histograms.
func TestLanguage(t *testing.T) {
	reference := runBuiltin(t, "TestBuiltinOnTSDB")
	if passed := len(reference) - failed(reference); passed < fewestEvals/2 {
		t.Fatalf("Prometheus's TSDB passes only %d evaluations", passed)
	}
	file := runBuiltin(t, "TestBuiltinOnFile")
	compareOutcomes(t, reference, file)
	t.Logf("of %d evaluations %d fail; on Prometheus's TSDB without histograms %d", len(file),
		failed(file), failed(reference))
}

func compareOutcomes(t *testing.T, reference, file map[string]outcome) {
	t.Helper()
	if len(reference) < fewestEvals || len(reference) != len(file) {
		t.Fatalf("%d evaluations on Prometheus's TSDB, %d on a file", len(reference), len(file))
	}
	for _, eval := range slices.Sorted(maps.Keys(file)) {
		was, known := reference[eval]
		switch is := file[eval]; {
		case !known:
			t.Errorf("%s is not in the reference", eval)
		case is.failed && !was.failed:
			t.Errorf("%s fails on a file only:\n%.1000s", eval, is.text)
		}
	}
}

// TestBuiltinOnTSDB is the reference, in a process of its own.
func TestBuiltinOnTSDB(t *testing.T) {
	inChildOnly(t)
	promqltest.RunBuiltinTestsWithStorage(t, engineOf(t, parser.NewParser(promqltest.TestParserOpts)),
		newFloatTSDB)
}

// TestBuiltinOnFile is what is judged, in a process of its own.
func TestBuiltinOnFile(t *testing.T) {
	inChildOnly(t)
	promqltest.RunBuiltinTestsWithStorage(t, engineOf(t, product.NewParser(promqltest.TestParserOpts)),
		newFileStorage)
}

func inChildOnly(t *testing.T) {
	t.Helper()
	if os.Getenv(inChild) == "" {
		t.Skip("TestLanguage runs it in a process of its own")
	}
}

// engineOf returns the engine that upstream's tests want, with a parser.
func engineOf(t *testing.T, p parser.Parser) *promql.Engine {
	t.Helper()
	return promqltest.NewTestEngineWithOpts(t, promql.EngineOpts{
		MaxSamples: promqltest.DefaultMaxSamplesPerQuery, Timeout: time.Minute,
		NoStepSubqueryIntervalFn: func(int64) int64 { return time.Minute.Milliseconds() },
		EnableAtModifier:         true, EnableNegativeOffset: true, EnableDelayedNameRemoval: true,
		UseStartTimestamps: true, Parser: p,
	})
}

// outcome is how an evaluation has ended.
type outcome struct {
	failed bool
	text   string // what it has printed
}

func failed(outcomes map[string]outcome) (n int) {
	for _, one := range outcomes {
		if one.failed {
			n++
		}
	}
	return n
}

// An evaluation is a test of its own with a line in its name; what it has logged follows the line
// that says that it runs.
var (
	begunLine = regexp.MustCompile(`^=== (?:RUN|NAME|CONT) +(\S+)$`)
	endedLine = regexp.MustCompile(`^ +--- (PASS|FAIL): (\S+/line_\S+) \(`)
)

// runBuiltin runs a test of this package in a process of its own, where evaluations may fail, and
// returns how each has ended.
func runBuiltin(t *testing.T, name string) map[string]outcome {
	t.Helper()
	command := exec.CommandContext(t.Context(), os.Args[0], "-test.v", "-test.run=^"+name+"$")
	command.Env = append(os.Environ(), inChild+"=1")
	output, err := command.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && (!errors.As(err, &exit) || exit.ExitCode() != 1) {
		t.Fatalf("%s: %v: %s", name, err, output)
	}
	outcomes, texts := map[string]outcome{}, map[string]*strings.Builder{}
	current := &strings.Builder{}
	for line := range strings.Lines(string(output)) {
		line = strings.TrimSuffix(line, "\n")
		if begun := begunLine.FindStringSubmatch(line); begun != nil {
			current = &strings.Builder{}
			texts[begun[1]] = current
			continue
		}
		ended := endedLine.FindStringSubmatch(line)
		if ended == nil {
			current.WriteString(line + "\n")
			continue
		}
		one := outcome{failed: ended[1] == "FAIL"}
		if text, ok := texts[ended[2]]; ok {
			one.text = text.String()
		}
		outcomes[strings.TrimPrefix(ended[2], name)] = one
	}
	return outcomes
}
