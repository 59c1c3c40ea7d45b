package release

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// scripts are those that run on machines of others, by a shell of their own.
func scripts(t *testing.T) []string {
	t.Helper()
	var all []string
	for _, pattern := range []string{"*.sh", "scripts/*.sh", "openwrt/*.sh", "openwrt/*.init"} {
		found, err := filepath.Glob(filepath.Join(top, "packaging", pattern))
		if err != nil || len(found) == 0 {
			t.Fatalf("no %s: %v", pattern, err)
		}
		all = append(all, found...)
	}
	return all
}

func TestScriptsParse(t *testing.T) {
	for _, script := range scripts(t) {
		shell := shellOf(t, script)
		need(t, shell)
		checkBy(t, shell, "-n", script)
	}
}

func TestShellcheck(t *testing.T) {
	need(t, "shellcheck")
	for _, script := range scripts(t) {
		checkBy(t, "shellcheck", "--shell="+shellOf(t, script), script)
	}
}

// checkBy has a program check scripts.
func checkBy(t *testing.T, program string, args ...string) {
	t.Helper()
	if out, err := exec.CommandContext(t.Context(), program, args...).CombinedOutput(); err != nil {
		t.Errorf("%s %q: %v\n%s", program, args, err, out)
	}
}

func shellOf(t *testing.T, script string) string {
	t.Helper()
	if strings.HasPrefix(string(read(t, script)), "#!/usr/bin/env bash") {
		return "bash"
	}
	return "sh"
}

// What the init script of OpenWrt tells procd: a recorder for each section that is enabled, with
// the options that are set.
func TestInitScript(t *testing.T) {
	folder := t.TempDir()
	db := filepath.Join(folder, "stick", "metrics.db")
	cmd := exec.CommandContext(t.Context(), "sh", "-euc",
		`. testdata/rc.common; . "$1"; start_service; service_triggers`, "sh",
		filepath.Join(top, "packaging/openwrt/wanstore.init"))
	cmd.Env = append(os.Environ(), "SECTIONS=main off", "off_enabled=0", "main_db="+db,
		"main_max_size=16MiB", "main_listen=127.0.0.1:9101", "main_args=--wan=cable --probe=tcp")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	golden(t, "procd.txt", strings.ReplaceAll(string(out), folder, "/mnt"))
	if _, err := os.Stat(filepath.Dir(db)); err != nil {
		t.Error(err)
	}
}

// The folder of a history is made, and nothing in the place of a history that has no folder.
func TestInitScriptWithoutAFolder(t *testing.T) {
	folder := t.TempDir()
	init, err := filepath.Abs(filepath.Join(top, "packaging/openwrt/wanstore.init"))
	if err != nil {
		t.Fatal(err)
	}
	common, err := filepath.Abs("testdata/rc.common")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "sh", "-euc", `. "$1"; . "$2"; start_service`, "sh",
		common, init)
	cmd.Dir = folder
	cmd.Env = append(os.Environ(), "SECTIONS=main", "main_db=metrics.db")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if _, err := os.Stat(filepath.Join(folder, "metrics.db")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("there is something in the place of the history: %v", err)
	}
}

// A container tells the version that is given or, where none is, that of the checkout.
func TestVersionOfContainer(t *testing.T) {
	need(t, "make")
	file := string(read(t, filepath.Join(top, "Dockerfile")))
	_, build, found := strings.Cut(file, "RUN GOOS=$TARGETOS GOARCH=$TARGETARCH make ")
	if !found {
		t.Fatal("the Dockerfile does not call make")
	}
	build, _, _ = strings.Cut(build, "&&")
	own := strings.TrimSpace(run(t, "sh", "packaging/version.sh"))
	for given, want := range map[string]string{"": own, "VERSION=9.9.9": "9.9.9"} {
		cmd := exec.CommandContext(t.Context(), "sh", "-ec", "make --dry-run "+build)
		cmd.Dir, cmd.Env = top, os.Environ()
		if given != "" {
			cmd.Env = append(cmd.Env, given)
		}
		out, err := cmd.CombinedOutput()
		if err != nil || !strings.Contains(string(out), "version.version="+want+" ") {
			t.Errorf("%s: version %s is not in %v\n%s", given, want, err, out)
		}
	}
}

// The version of a checkout is that of its tag, or newer; without tags that of the changes.
func TestVersionOfCheckout(t *testing.T) {
	need(t, "git")
	script, err := filepath.Abs(filepath.Join(top, "packaging/version.sh"))
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	in := func(program string, args ...string) string {
		cmd := exec.CommandContext(t.Context(), program, args...)
		cmd.Dir = folder
		cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CEILING_DIRECTORIES="+folder,
			"GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.net", "GIT_COMMITTER_NAME=a",
			"GIT_COMMITTER_EMAIL=a@example.net")
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s %q: %v\n%s", program, args, err, out)
		}
		return strings.TrimSpace(string(out))
	}
	says := func(when, want string) {
		t.Helper()
		want = strings.ReplaceAll(want, "COMMIT", in("git", "rev-parse", "--short", "HEAD"))
		if got := in(script); got != want {
			t.Errorf("%s: version %q, want %q", when, got, want)
		}
	}
	changes := []byte("## [Unreleased]\n\n## [0.1.0] - 2026-11-30\n\n## [0.0.9] - 2026-11-29\n")
	if err := os.WriteFile(filepath.Join(folder, "CHANGELOG.md"), changes, 0o600); err != nil {
		t.Fatal(err)
	}
	if got := in(script); got != "0.1.0" {
		t.Errorf("without a repository: version %q, want that of the changes", got)
	}
	file := filepath.Join(folder, "file")
	commit := func() {
		if err := os.WriteFile(file, []byte(t.Name()), 0o600); err != nil {
			t.Fatal(err)
		}
		in("git", "add", "file")
		in("git", "commit", "--quiet", "--allow-empty", "--message", "a commit")
	}
	in("git", "init", "--quiet")
	commit()
	says("without a tag", "0.1.0+gCOMMIT")
	in("git", "tag", "v0.1.0")
	says("at the tag", "0.1.0")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	says("with a change", "0.1.0+dirty")
	commit()
	commit()
	says("two commits on", "0.1.0+2.gCOMMIT")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	says("and a change", "0.1.0+2.gCOMMIT.dirty")
	commit()
	in("git", "tag", "v0.2.0-rc.1")
	says("at a release candidate", "0.2.0-rc.1")
}
