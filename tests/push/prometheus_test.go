package push

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// oldPrometheus takes nothing older than an hour before the newest sample that it has.
var oldPrometheus = prometheus("Prometheus without a window", "")

// windowPrometheus takes what is older.
var windowPrometheus = prometheus("Prometheus with a window",
	"storage: {tsdb: {out_of_order_time_window: 14d}}\n")

func prometheus(name, configuration string) kind {
	return kind{
		name: name,
		find: func(t testing.TB) string {
			t.Helper()
			program, err := exec.LookPath("prometheus")
			if err != nil {
				t.Skip("prometheus is not there")
			}
			return program
		},
		flags: func(address, data string) []string {
			file := filepath.Join(filepath.Dir(data), filepath.Base(data)+".yml")
			if err := os.WriteFile(file, []byte(configuration), 0o600); err != nil {
				panic(err)
			}
			return []string{"--config.file=" + file, "--storage.tsdb.path=" + data,
				"--storage.tsdb.retention.time=10y", "--web.listen-address=" + address,
				"--web.enable-remote-write-receiver", "--log.level=warn"}
		},
		ready: "/-/ready",
	}
}
