package service_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wanstore/wanstore/service"
)

func TestConfigFromEnvironment(t *testing.T) {
	t.Setenv("WANCTL_STORAGE_DB_PATH", "/var/lib/of-the-environment.db")
	t.Setenv("WANCTL_STORAGE_RETENTION_DAYS", "30")
	t.Setenv("WANCTL_STORAGE_SYNCHRONOUS", "FULL")
	got, err := service.ConfigFromEnv(map[string]string{
		"WANCTL_STORAGE_DB_PATH":  "/var/lib/of-a-flag.db",
		"WANCTL_STORAGE_KEEP_RAW": "2h",
	})
	if err != nil {
		t.Fatal(err)
	}
	want := service.Config{DBPath: "/var/lib/of-a-flag.db", RetentionDays: 30, KeepRaw: 2 * time.Hour,
		Synchronous: "FULL"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("configuration (-want +got):\n%s", diff)
	}
}

// All that is wrong is in one error, each thing by the name of its variable. A zero would be taken
// for not configured.
func TestConfigThatMakesNoSense(t *testing.T) {
	_, err := service.ConfigFromEnv(map[string]string{
		"WANCTL_STORAGE_RETENTION_DAYS":  "0",
		"WANCTL_STORAGE_KEEP_RAW":        "an hour",
		"WANCTL_STORAGE_QUEUE_SIZE":      "many",
		"WANCTL_STORAGE_COMMIT_INTERVAL": "-1s",
		"WANCTL_STORAGE_SYNCHRONOUS":     "sometimes",
	})
	want(t, err, service.ErrConfig)
	for _, name := range []string{"RETENTION_DAYS", "KEEP_RAW", "QUEUE_SIZE", "COMMIT_INTERVAL",
		"SYNCHRONOUS"} {
		if err != nil && strings.Count(err.Error(), "WANCTL_STORAGE_"+name) != 1 {
			t.Errorf("error %v names %s not once", err, name)
		}
	}
}

// A small queue alone is no contradiction to the default of what fills it.
func TestConfigOfASmallQueue(t *testing.T) {
	if _, err := service.ConfigFromEnv(map[string]string{"WANCTL_STORAGE_QUEUE_SIZE": "100"}); err != nil {
		t.Error(err)
	}
}

func TestVariablesAreAllOfTheConfiguration(t *testing.T) {
	variables := service.Variables()
	if got, want := len(variables), reflect.TypeFor[service.Config]().NumField(); got != want {
		t.Errorf("%d variables, want one for each of %d fields", got, want)
	}
	for _, v := range variables {
		if !strings.HasPrefix(v.Name, service.EnvPrefix) || v.Default == "" || v.Help == "" {
			t.Errorf("variable %+v lacks prefix, default or help", v)
		}
	}
}
