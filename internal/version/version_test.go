package version

import (
	"runtime"
	"runtime/debug"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestRead(t *testing.T) {
	settings := []debug.BuildSetting{
		{Key: "-trimpath", Value: "true"},
		{Key: "vcs.revision", Value: "3c3abb3"},
		{Key: "vcs.time", Value: "2026-11-30T03:00:00Z"},
	}
	for _, test := range []struct {
		name  string
		noted debug.BuildInfo
		want  Build
	}{
		{"nothing noted", debug.BuildInfo{}, Build{}},
		{"go build without a repository",
			debug.BuildInfo{Main: debug.Module{Path: Module, Version: "(devel)"}}, Build{}},
		{"go build in a checkout",
			debug.BuildInfo{Main: debug.Module{Path: Module,
				Version: "v0.1.1-0.20261130030000-3c3abb3+dirty"},
				Settings: settings},
			Build{Version: "0.1.1-0.20261130030000-3c3abb3+dirty", Commit: "3c3abb3",
				CommitDate: "2026-11-30T03:00:00Z"}},
		{"go install of a version",
			debug.BuildInfo{Main: debug.Module{Path: Module, Version: "v0.1.0"}}, Build{Version: "0.1.0"}},
		{"embedded: the commit is somebody else's",
			debug.BuildInfo{Main: debug.Module{Path: "example.net/daemon", Version: "v7.0.0"},
				Deps: []*debug.Module{{Path: "example.net/other", Version: "v3.0.0"},
					{Path: Module, Version: "v0.1.0"}}, Settings: settings},
			Build{Version: "0.1.0"}},
		{"embedded from a folder: a replaced module keeps the version that was asked for",
			debug.BuildInfo{Main: debug.Module{Path: "example.net/daemon"},
				Deps: []*debug.Module{{Path: Module, Version: "v0.1.0",
					Replace: &debug.Module{Path: "../wanstore"}}}},
			Build{Version: "0.1.0"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.want.Go, test.want.Platform = runtime.Version(), runtime.GOOS+"/"+runtime.GOARCH
			if diff := cmp.Diff(test.want, read(&test.noted)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// What make build says goes before what the Go tool has noted, all of it: a commit that belongs to
// another version would be worse than none.
func TestReadStamped(t *testing.T) {
	version, commit, date = "0.1.0", "abc", "2026-11-30T04:00:00Z"
	defer func() { version, commit, date = "", "", "" }()
	noted := debug.BuildInfo{Main: debug.Module{Path: Module, Version: "v0.0.9"},
		Settings: []debug.BuildSetting{{Key: "vcs.revision", Value: "def"}}}
	want := Build{Version: "0.1.0", Commit: "abc", CommitDate: "2026-11-30T04:00:00Z",
		Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	if diff := cmp.Diff(want, read(&noted)); diff != "" {
		t.Error(diff)
	}
}
