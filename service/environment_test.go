package service_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/service"
)

// noEnvironment takes the variables of a Config out of the environment of the test.
func noEnvironment(t *testing.T) {
	t.Helper()
	for _, variable := range service.Variables() {
		t.Setenv(variable.Name, "") // so that it is restored
		must(t, os.Unsetenv(variable.Name))
	}
}

// An empty variable is as good as none.
func TestEmptyEnvironment(t *testing.T) {
	noEnvironment(t)
	for _, empty := range []bool{false, true} {
		if empty {
			for _, variable := range service.Variables() {
				t.Setenv(variable.Name, "")
			}
		}
		got, err := service.ConfigFromEnv(nil)
		must(t, err)
		want := service.Config{DBPath: service.DefaultConfig().DBPath}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("configuration (-want +got):\n%s", diff)
		}
	}
}

// What is wrong in the environment does no harm where an override goes before it.
func TestOverrideOfABadVariable(t *testing.T) {
	noEnvironment(t)
	t.Setenv("WANCTL_STORAGE_QUEUE_SIZE", "many")
	got, err := service.ConfigFromEnv(map[string]string{"WANCTL_STORAGE_QUEUE_SIZE": "20000"})
	must(t, err)
	want := service.Config{DBPath: service.DefaultConfig().DBPath, QueueSize: 20_000}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("configuration (-want +got):\n%s", diff)
	}
}

// A zero that somebody has written down does not stand for "not configured".
func TestExplicitZero(t *testing.T) {
	noEnvironment(t)
	for _, variable := range service.Variables() {
		zero := "0"
		if _, err := time.ParseDuration(variable.Default); err == nil {
			zero = "0s"
		} else if strings.Trim(variable.Default, "0123456789") != "" {
			continue // a text
		}
		_, err := service.ConfigFromEnv(map[string]string{variable.Name: zero})
		want(t, err, service.ErrConfig)
		if err == nil || !strings.Contains(err.Error(), variable.Name+"="+zero) {
			t.Errorf("error %v does not name %s=%s", err, variable.Name, zero)
		}
	}
}

// The defaults that are shown are those that hold, in the program and in a new file.
func TestShownDefaultsHold(t *testing.T) {
	noEnvironment(t)
	defaults := map[string]string{}
	for _, variable := range service.Variables() {
		defaults[variable.Name] = variable.Default
	}
	got, err := service.ConfigFromEnv(defaults)
	must(t, err)
	want := service.DefaultConfig()
	want.RetentionDays, want.KeepRaw, want.Keep1m, want.Keep5m = 7, time.Hour, 24*time.Hour,
		168*time.Hour
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("configuration of the defaults (-want +got):\n%s", diff)
	}

	var log logged
	got.DBPath = filetest.Path(t)
	shut(t, open(t, got, service.Options{Logger: log.logger(), NoMaintenance: true}))
	if lines := log.lines(); len(lines) != 0 {
		t.Errorf("logged %q, want no change of the file's policy", lines)
	}
}

// Durations of variables are written as those of flags.
func TestDaysOfVariables(t *testing.T) {
	noEnvironment(t)
	for text, want := range map[string]service.Days{"30": 30, "30d": 30, "4w": 28, "48h": 2,
		"1y": 365} {
		got, err := service.ConfigFromEnv(map[string]string{"WANCTL_STORAGE_RETENTION_DAYS": text})
		must(t, err)
		if got.RetentionDays != want {
			t.Errorf("%s is %d days, want %d", text, got.RetentionDays, want)
		}
	}
	for _, text := range []string{"36h", "d", "30 d", "1.5", "-3d", "a week"} {
		_, err := service.ConfigFromEnv(map[string]string{"WANCTL_STORAGE_RETENTION_DAYS": text})
		want(t, err, service.ErrConfig)
		if err == nil || !strings.Contains(err.Error(), "WANCTL_STORAGE_RETENTION_DAYS=") {
			t.Errorf("%s: error %v does not name the variable", text, err)
		}
	}
}

func TestDurationsOfVariables(t *testing.T) {
	noEnvironment(t)
	for text, want := range map[string]time.Duration{
		"14d": 14 * 24 * time.Hour, "2w": 14 * 24 * time.Hour, "1d12h": 36 * time.Hour,
		"90m": 90 * time.Minute, "1h30m": 90 * time.Minute,
	} {
		got, err := service.ConfigFromEnv(map[string]string{
			"WANCTL_STORAGE_KEEP_5M": text, "WANCTL_STORAGE_GRACE": text,
		})
		must(t, err)
		if got.Keep5m != want || got.Grace != want {
			t.Errorf("%s is %s and %s, want %s", text, got.Keep5m, got.Grace, want)
		}
	}
	for _, text := range []string{"14", "d", "14 d", "14D", "1q", "-14d", "0"} {
		_, err := service.ConfigFromEnv(map[string]string{"WANCTL_STORAGE_GRACE": text})
		want(t, err, service.ErrConfig)
		if err == nil || !strings.Contains(err.Error(), "WANCTL_STORAGE_GRACE") {
			t.Errorf("%s: error %v does not name the variable", text, err)
		}
	}
}
