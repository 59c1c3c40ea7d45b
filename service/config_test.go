package service_test

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wanstore/wanstore/internal/filetest"
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

// Each thing that is wrong can be told apart, for a caller that has names of its own.
func TestConfigErrors(t *testing.T) {
	_, err := service.OpenWriter(t.Context(), service.Config{
		DBPath: filetest.Path(t), QueueSize: 10, CommitSamples: 20, MaxSize: 1 << 20,
	}, service.Options{})
	got, ok := errors.AsType[service.ConfigErrors](err)
	want := service.ConfigErrors{
		{Field: "CommitSamples", Value: "20", Want: "no more than the 10 samples of the queue"},
		{Field: "MaxSize", Value: "1MiB", Want: "4MiB or more, or 0 for no limit"},
	}
	if diff := cmp.Diff(want, got); !ok || diff != "" {
		t.Errorf("errors of %v (-want +got):\n%s", err, diff)
	}
	if first, ok := errors.AsType[*service.ConfigError](err); !ok || first.Field != "CommitSamples" {
		t.Errorf("error %v is not found as the first of its parts", err)
	}
}

// What is too much is refused as that, and takes no memory.
func TestConfigOfTooMuch(t *testing.T) {
	for variable, texts := range map[string][]string{
		"QUEUE_SIZE=%s: want no more than 10000000":       {"10000001", "2147483647"},
		"QUEUE_SIZE=%s: want a number from 1 to":          {"2147483648", "99999999999999999999"},
		"MAX_SERIES=%s: want a number from 1 to":          {"9223372036854775807"},
		"RETENTION_DAYS=%s: want 1 to 365":                {"99999999999999999999", "300y", "366"},
		"KEEP_RAW=%s: want a duration of less than 290 y": {"300y"},
	} {
		name, _, _ := strings.Cut(variable, "=")
		for _, text := range texts {
			_, err := service.ConfigFromEnv(map[string]string{"WANCTL_STORAGE_" + name: text})
			if message := fmt.Sprintf(variable, text); err == nil ||
				!strings.Contains(err.Error(), "WANCTL_STORAGE_"+message) {
				t.Errorf("error %v, want %q", err, message)
			}
		}
	}
	config := service.Config{DBPath: filetest.Path(t), QueueSize: math.MaxInt}
	_, err := service.OpenWriter(t.Context(), config, service.Options{})
	want(t, err, service.ErrConfig)
}

// A small queue alone is no contradiction to the default of what fills it.
func TestConfigOfASmallQueue(t *testing.T) {
	_, err := service.ConfigFromEnv(map[string]string{"WANCTL_STORAGE_QUEUE_SIZE": "100"})
	if err != nil {
		t.Error(err)
	}
}

func TestVariablesAreAllOfTheConfiguration(t *testing.T) {
	variables := service.Variables()
	if got, want := len(variables), reflect.TypeFor[service.Config]().NumField(); got != want {
		t.Errorf("%d variables, want one for each of %d fields", got, want)
	}
	for _, v := range variables {
		if !strings.HasPrefix(v.Name, service.EnvPrefix) || v.Field == "" || v.Default == "" ||
			v.Help == "" {
			t.Errorf("variable %+v lacks prefix, field, default or help", v)
		}
	}
}
