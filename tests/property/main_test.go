// Package property drives a history file at random and compares everything in it with what plain Go
// computes from the samples that were accepted.
//
// The default number of runs keeps the test short. For a longer hunt: go test ./tests/property
// -rapid.checks=5000
package property

import (
	"flag"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	// What the command line says goes before this.
	if err := flag.Set("rapid.checks", "20"); err != nil {
		panic(err)
	}
	goleak.VerifyTestMain(m)
}
