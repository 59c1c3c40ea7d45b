//go:build man

package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/wanstore/wanstore/internal/manpage"
	"github.com/wanstore/wanstore/internal/version"
)

// With the build tag man this is no history but what writes its man pages (make man): the commands
// are in this package, and the program that is shipped needs no pages in it.
func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: go run -tags man ./cmd/wanstore FOLDER")
		os.Exit(exitUsage)
	}
	build := version.Read()
	day, _, _ := strings.Cut(build.CommitDate, "T")
	err := manpage.WriteAll(os.Args[1], newRoot(), manpage.About{
		Version: build.Version, Date: day, ExitStatus: exitCodes,
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(exitFailure)
	}
}
