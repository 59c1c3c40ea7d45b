package push

import (
	"errors"
	"strings"
	"testing"

	"github.com/wanstore/wanstore/service"
)

// configured returns what is wrong with variables beside those that must be there, "" for nothing.
func configured(t *testing.T, name, value string) (Config, string) {
	t.Helper()
	config, err := ConfigFromEnv(map[string]string{
		EnvPrefix + "URL": "http://there/api/v1/write", EnvPrefix + "SITE": "here",
		EnvPrefix + name: value,
	})
	if err == nil {
		return config, ""
	}
	problems, ok := errors.AsType[service.ConfigErrors](err)
	if !ok || len(problems) != 1 {
		t.Fatalf("%s=%s: %v", name, value, err)
	}
	return config, problems[0].Error()
}

// What is set wrong is refused under the name of its variable, and a zero is not the default.
func TestWrongVariables(t *testing.T) {
	for _, c := range []struct{ name, value, want string }{
		{"BATCH_SIZE", "0", "BATCH_SIZE=0: want 1 to 100000"},
		{"BATCH_SIZE", "-1", "BATCH_SIZE=-1: want 1 to 100000"},
		{"BATCH_SIZE", "many", "BATCH_SIZE=many: want a whole number"},
		{"REPLAY_RATE", "0", "REPLAY_RATE=0: want more than 0"},
		{"REPLAY_RATE", "-5", "REPLAY_RATE=-5: want more than 0"},
		{"SETTLE", "0", "SETTLE=0s: want the grace of 15s or more"},
		{"SETTLE", "0s", "SETTLE=0s: want the grace of 15s or more"},
		{"SETTLE", "14s", "SETTLE=14s: want the grace of 15s or more"},
		{"SETTLE", "-1m", "SETTLE=-1m: want the grace of 15s or more"},
		{"PERCENTILES", "perhaps", "PERCENTILES=perhaps: want true or false"},
		{"HEADERS", "Authorization=Bearer s3cret", "--token-file or --basic-file"},
		{"HEADERS", "authorization=Bearer s3cret", "--token-file or --basic-file"},
		{"HEADERS", "Content-Encoding=gzip", "HEADERS=Content-Encoding: want none that"},
		{"HEADERS", "content-type=text/plain", "want none that the sender sets itself"},
		{"HEADERS", "Content-Length=1", "want none that the sender sets itself"},
		{"HEADERS", "Host=elsewhere", "want none that the sender sets itself"},
		{"HEADERS", "X-Prometheus-Remote-Write-Version=2.0.0", "want none that the sender sets"},
		{"HEADERS", "X-Tenant=a,x-tenant=b", "HEADERS=x-tenant: want each header once"},
		{"HEADERS", "X Tenant=a", "HEADERS=X Tenant: want NAME=VALUE"},
		{"HEADERS", "X-Tenant", "HEADERS: want NAME=VALUE"},
	} {
		_, got := configured(t, c.name, c.value)
		if !strings.Contains(got, c.want) || !strings.HasPrefix(got, EnvPrefix+c.name) ||
			strings.Contains(got, "s3cret") {
			t.Errorf("%s=%s: %q, want %q", c.name, c.value, got, c.want)
		}
	}
}

// What is not set has its default, and so has a field that is zero.
func TestDefaults(t *testing.T) {
	config, wrong := configured(t, "HEADERS", "X-Tenant=a")
	if want := DefaultConfig(); wrong != "" || config.BatchSize != want.BatchSize ||
		config.Settle != want.Settle || config.Headers["X-Tenant"] != "a" {
		t.Errorf("%+v, %s", config, wrong)
	}
	if err := (Config{URL: "http://there/", Site: "here"}).Validate(); err != nil {
		t.Error(err)
	}
}
