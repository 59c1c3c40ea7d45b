// Package release builds the packages of a release, looks into them and installs one.
package release

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
)

// top is the folder of the checkout.
const top = "../.."

// version, commit and moment are what the packages of the tests say that they were built from.
const (
	version = "0.1.0"
	commit  = "0123456789abcdef0123456789abcdef01234567"
	date    = "2026-11-30T12:00:00Z"
	epoch   = "1796040000"
)

// packages is the folder that buildOnce builds the packages into.
var (
	packages  string
	buildOnce = sync.OnceValue(func() error { return build(packages) })
)

func TestMain(m *testing.M) {
	flag.Parse()
	folder, err := os.MkdirTemp("", "release")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	packages = folder
	code := m.Run()
	if err := os.RemoveAll(folder); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// build builds the packages for this processor into a folder.
func build(folder string) error {
	cmd := exec.CommandContext(context.Background(), "make", "packages", "BIN="+folder,
		"ARCHS="+runtime.GOARCH, "VERSION="+version, "COMMIT="+commit, "COMMIT_DATE="+date,
		"SOURCE_DATE_EPOCH="+epoch)
	cmd.Dir = top
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%w\n%s", err, out)
	}
	return nil
}

// built returns the path of the package with this ending, and builds all of them with the first.
func built(t *testing.T, ending string) string {
	t.Helper()
	if testing.Short() {
		t.Skip("it builds the program and its packages")
	}
	if runtime.GOOS != "linux" || runtime.GOARCH != "amd64" && runtime.GOARCH != "arm64" {
		t.Skip("packages are built for Linux on amd64 and arm64 here")
	}
	for _, program := range []string{"make", "bash", "git", "tar", "gzip"} {
		need(t, program)
	}
	if err := errors.Join(noteSources(), buildOnce()); err != nil {
		t.Fatal(err)
	}
	middle := "_"
	if ending == ".tar.gz" {
		middle = "_linux_"
	}
	return filepath.Join(packages, "packages", "wanstore_"+version+middle+runtime.GOARCH+ending)
}

// noteSources looks at all that packages are made of: the go command takes a test that looked at
// nothing new as passed.
func noteSources() error {
	return filepath.WalkDir(top, func(path string, _ fs.DirEntry, err error) error {
		if path == filepath.Join(top, "bin") || filepath.Base(path) == ".git" {
			return fs.SkipDir
		}
		return err
	})
}

// need skips the test where a program is missing.
func need(t *testing.T, program string) {
	t.Helper()
	if _, err := exec.LookPath(program); err != nil {
		t.Skipf("%s is missing", program)
	}
}

// run returns what a program writes to its standard output.
func run(t *testing.T, program string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program, args...)
	cmd.Dir = top
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %q: %v\n%s%s", program, args, err, out, stderr.Bytes())
	}
	return string(out)
}
