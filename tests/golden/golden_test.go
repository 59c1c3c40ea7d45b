// Package golden asks questions of history files that are written down as data: testdata/*.txt,
// each a story of samples, time and maintenance with the answers that the service gives in between.
//
// A file is a sequence of blocks with an empty line between them; lines that begin with # are
// comments. A block is a command, lines of input, and, below a line ----, what the command answers:
//
//	metric NAME avg|mode [plain]    declares a metric, plain without percentiles, before opening
//	config KEY=VALUE...             retention=7d raw=1h 1m=1d 5m=7d grace=15s, before opening
//	clock TIME                      sets the clock of ages, or with +1h moves it on
//	load                            writes series, one a line: SERIES START STEP VALUE...
//	record                          the same without waiting for each sample
//	maintain                        does one pass of maintenance
//	reopen [KEY=VALUE...]           closes the file and opens it again
//	query [from= until= step= zone= only= quantiles=]   shows a range of what the line below selects
//	summary [from= until= step= quantiles=]   shows what each series did in a range
//	latest                          shows the newest sample of each series
//	status                          shows the tiers
//	view                            shows what the SQL below it selects
//
// A series is written as name{wan="a",label="b"}; where series are selected, everything may be left
// out and names are separated by |. A time is 2025-03-01T10:00:00, or 10:00:00 on the day of the
// clock, or now, now-1h, now+5s; without from and until a range is everything. Values are STEP
// apart: 1, 1x20 for twenty of them, 1+0.5x10 for ten of which each is 0.5 more than the one
// before, _ and _x20 for moments without a sample.
//
// go test ./tests/... -update rewrites the answers; read the difference before you believe it.
package golden

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wanstore/wanstore/tests/internal/update"
)

func TestGolden(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("testdata", "*.txt"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) { runFile(t, file) })
	}
}

func runFile(t *testing.T, file string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	blocks := parseBlocks(string(text))
	m := newMachine(t)
	for i := range blocks {
		b := &blocks[i]
		if b.command == "" {
			continue
		}
		got, err := m.run(*b)
		if err != nil {
			t.Fatalf("%s:%d: %s: %v", file, b.line, b.command, err)
		}
		if update.Requested(t) {
			b.answer = got
			continue
		}
		if diff := compareAnswers(b.answer, got); diff != "" {
			t.Errorf("%s:%d: %s (-want +got):\n%s", file, b.line, b.command, diff)
		}
	}
	if update.Requested(t) {
		update.Write(t, file, printBlocks(blocks))
	}
}
