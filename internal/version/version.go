// Package version says what a program was built from, for this program and for those that embed it.
package version

import (
	"runtime"
	"runtime/debug"
	"strings"
)

// Module is the path of the module whose version is told.
const Module = "github.com/wanstore/wanstore"

// make build sets these with -ldflags -X. What is empty is what the Go tool has noted.
var (
	version string
	commit  string
	date    string
)

// Build is what a program was built from. What nothing tells is empty.
type Build struct {
	Version    string // of this module, such as 0.1.0
	Commit     string // of this module's repository
	CommitDate string // RFC 3339
	Go         string // version of Go, such as go1.26.8
	Platform   string // GOOS/GOARCH
}

// Read returns what the running program was built from.
func Read() Build {
	noted, ok := debug.ReadBuildInfo()
	if !ok {
		noted = new(debug.BuildInfo)
	}
	return read(noted)
}

func read(noted *debug.BuildInfo) Build {
	build := Build{Version: moduleVersion(noted), Go: runtime.Version(),
		Platform: runtime.GOOS + "/" + runtime.GOARCH}
	if noted.Main.Path == Module { // else the commit is that of the program that embeds this module
		build.Commit, build.CommitDate = setting(noted, "vcs.revision"), setting(noted, "vcs.time")
	}
	if version != "" {
		build.Version, build.Commit, build.CommitDate = version, commit, date
	}
	return build
}

// moduleVersion is the version by which the Go tool knows the module, without the v of its tag. A
// program that is built from a checkout without tags has none.
func moduleVersion(noted *debug.BuildInfo) string {
	module := &noted.Main
	for _, other := range noted.Deps {
		if other.Path == Module {
			module = other
		}
	}
	if module.Path != Module || module.Version == "(devel)" {
		return ""
	}
	return strings.TrimPrefix(module.Version, "v")
}

func setting(noted *debug.BuildInfo, key string) string {
	for _, s := range noted.Settings {
		if s.Key == key {
			return s.Value
		}
	}
	return ""
}
