package release

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/wanstore/wanstore/internal/filetest"
)

// What the unit lets the program do is little, by systemd's own account.
func TestExposure(t *testing.T) {
	need(t, "systemd-analyze")
	if !strings.Contains(run(t, "systemd-analyze", "--help"), "--offline") {
		t.Skip("this systemd-analyze reads no files")
	}
	out := run(t, "systemd-analyze", "security", "--offline=true", "--threshold=20", "--no-pager",
		"packaging/systemd/wanstore.service")
	t.Log(out[strings.LastIndex(strings.TrimSpace(out), "\n")+1:])
}

// The packages are installed by dpkg and rpm on a machine with systemd, the service records with
// the rights that its unit leaves it, and nothing but the history is left in the end.
func TestService(t *testing.T) {
	folder := visit(t)
	step := func(name string) string { return string(read(t, filepath.Join(folder, name))) }
	check := func(steps map[string][]string) {
		t.Helper()
		checkSteps(t, step, steps)
	}
	check(map[string][]string{
		"install":   {`nothing is recorded yet, "systemctl enable --now wanstore" begins\n`},
		"installed": {`ActiveState=inactive`, `UnitFileState=disabled`},
		"start":     nil,
		"started": {`ActiveState=active`, `UnitFileState=enabled`,
			`StatusText=recording 127\.0\.0\.1 through lo\n`},
		"rights":   {`CapEff:\t0000000000002000\n`, `NoNewPrivs:\t1\n`, `Seccomp:\t2\n`},
		"recorded": {`cable +wanctl_rtt_ms `, `cable +wanctl_rate_download_mbps `},
		"health":   {`^ok\n$`},
		"member":   {`^file +/var/lib/wanstore/metrics\.db, `},
		"verify":   {`^$`},
		"hang":     {`(?m)^SIGABRT: abort$`, `(?m)^goroutine \d+ `},
		"upgrade":  {`Unpacking wanstore`},
		"upgraded": {`ActiveState=active`, `UnitFileState=enabled`},
		"remove":   {`Removing wanstore`},
		"removed":  {`MainPID=0`, `ActiveState=inactive`},
		"purge":    {`the history in /var/lib/wanstore was left there\n`},
	})
	if _, err := exec.LookPath("rpm"); err == nil {
		check(map[string][]string{
			"rpm-install":  {`nothing is recorded yet`},
			"rpm-start":    nil,
			"rpm-upgrade":  nil,
			"rpm-upgraded": {`ActiveState=active`, `UnitFileState=enabled`},
			"rpm-remove":   nil,
			"rpm-removed":  {`MainPID=0`, `ActiveState=inactive`},
		})
	}
	if code := step("stranger.code"); code != "1\n" {
		t.Errorf("a user outside the group reads the history: %s", step("stranger"))
	}
	if step("started") == step("upgraded") {
		t.Error("after an upgrade the program before it goes on")
	}
	for line := range strings.Lines(step("files")) {
		if !regexp.MustCompile(`^(drwxr-x---|-rw-r-----) wanstore:wanstore `).MatchString(line) {
			t.Errorf("others may read, or it is somebody else's: %s", line)
		}
	}
	history := "/var/lib/wanstore/metrics.db"
	kept := []string{history, history + ".lock"}
	same(t, "removing", step("left"), append(kept, "/etc/default/wanstore",
		"/var/lib/dpkg/info/wanstore.list", "/var/lib/dpkg/info/wanstore.postrm"))
	same(t, "purging", step("purged"), kept)
	if err := filetest.Check(filepath.Join(folder, "metrics.db")); err != nil {
		t.Error(err)
	}
	if strings.Contains(step("log"), "level=") {
		t.Error("the service complains")
	}
	if t.Failed() {
		t.Logf("log of the service:\n%s", step("log"))
	}
}

// checkSteps wants steps to have succeeded, and to have said what is to be found in it.
func checkSteps(t *testing.T, step func(string) string, steps map[string][]string) {
	t.Helper()
	for name, patterns := range steps {
		if code := step(name + ".code"); code != "0\n" {
			t.Errorf("%s: exit code %s%s", name, code, step(name))
		}
		for _, pattern := range patterns {
			if !regexp.MustCompile(pattern).MatchString(step(name)) {
				t.Errorf("%s: want %s, got:\n%s", name, pattern, step(name))
			}
		}
	}
}

// same wants a step to leave these files and no others.
func same(t *testing.T, what, left string, want []string) {
	t.Helper()
	got := strings.Fields(left)
	got = slices.DeleteFunc(got, func(name string) bool { // notes of others, of what they have seen
		return strings.HasPrefix(name, "/var/lib/systemd/") || strings.HasPrefix(name, "/var/cache/man/")
	})
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("%s leaves %q, want %q", what, got, want)
	}
}

// visit runs testdata/visit.sh on a machine with systemd, and returns the folder with what it has
// found out.
func visit(t *testing.T) string {
	t.Helper()
	for _, program := range []string{"dpkg", "unshare", "setpriv", "ip", "/lib/systemd/systemd"} {
		need(t, program)
	}
	if os.Geteuid() != 0 {
		t.Skip("systemd in namespaces takes root")
	}
	folder := t.TempDir()
	for name, from := range map[string]string{
		"wanstore.deb": built(t, ".deb"), "machine.sh": "testdata/machine.sh",
		"wanstore.rpm": built(t, ".rpm"), "visit.sh": "testdata/visit.sh",
	} {
		if err := os.WriteFile(filepath.Join(folder, name), read(t, from), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(t.Context(), "unshare", "-m", "-p", "-f", "-i", "-u", "-C", "-n",
		"--kill-child", "bash", filepath.Join(folder, "machine.sh"), folder)
	cmd.Cancel = func() error { return cmd.Process.Signal(unix.SIGKILL) }
	timer := time.AfterFunc(5*time.Minute, func() { _ = cmd.Process.Kill() })
	defer timer.Stop()
	out, err := cmd.CombinedOutput()
	if _, missing := os.Stat(filepath.Join(folder, "finished")); errors.Is(missing, fs.ErrNotExist) {
		if exit := (*exec.ExitError)(nil); errors.As(err, &exit) && exit.ExitCode() == 77 {
			t.Skipf("systemd cannot be started in namespaces here:\n%s", out)
		}
		t.Fatalf("the visit has not come to its end: %v\n%s", err, out)
	}
	return folder
}
