package service_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/service"
)

// keeps returns the ages that a file has, in seconds, finest tier first.
func keeps(t *testing.T, path string) []int64 {
	t.Helper()
	var ages []int64
	for _, tier := range []string{"raw", "1m", "5m", "1h"} {
		ages = append(ages,
			filetest.Int(t, path, "SELECT keep / 1000000 FROM tiers WHERE granularity = ?", tier))
	}
	return ages
}

// A policy is kept in the file: a writer that configures nothing takes what is there, and a change
// is logged.
func TestPolicyLivesInTheFile(t *testing.T) {
	path := filetest.Path(t)
	for _, c := range []struct {
		name   string
		config service.Config
		want   []int64
		logged int
	}{
		{"a new file", service.Config{}, []int64{3600, 86400, 604800, 604800}, 0},
		{"a year", service.Config{RetentionDays: 365, KeepRaw: 2 * time.Hour},
			[]int64{7200, 86400, 604800, 31536000}, 2},
		{"nothing configured", service.Config{}, []int64{7200, 86400, 604800, 31536000}, 0},
		{"the same again", service.Config{RetentionDays: 365}, []int64{7200, 86400, 604800, 31536000}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			var log logged
			c.config.DBPath = path
			shut(t, open(t, c.config, service.Options{Logger: log.logger(), NoMaintenance: true}))
			if diff := cmp.Diff(c.want, keeps(t, path)); diff != "" {
				t.Errorf("ages (-want +got):\n%s", diff)
			}
			if lines := log.lines(); len(lines) != c.logged {
				t.Errorf("logged %q, want %d lines", lines, c.logged)
			}
		})
	}
}

// A second user of a writer that is open changes the policy as well.
func TestPolicyOfASecondUser(t *testing.T) {
	path := filetest.Path(t)
	open(t, service.Config{DBPath: path}, quiet())
	open(t, service.Config{DBPath: path, RetentionDays: 30}, quiet())
	if diff := cmp.Diff([]int64{3600, 86400, 604800, 30 * 86400}, keeps(t, path)); diff != "" {
		t.Errorf("ages (-want +got):\n%s", diff)
	}
}

// Nonsense is refused with everything that is wrong in one error, and the file stays as it is.
func TestPolicyThatMakesNoSense(t *testing.T) {
	path := filetest.Path(t)
	shut(t, open(t, service.Config{DBPath: path}, quiet()))
	for _, c := range []struct {
		name   string
		config service.Config
		says   []string
	}{
		{"too short for the next tier", service.Config{KeepRaw: 59 * time.Second},
			[]string{"KeepRaw=59s: want at least 1m"}},
		{"out of order", service.Config{KeepRaw: 2 * time.Hour, Keep1m: time.Hour},
			[]string{"KeepRaw=2h: want no more than the 1h of the 1m tier"}},
		{"out of order with the file", service.Config{KeepRaw: 48 * time.Hour},
			[]string{"KeepRaw=2d: want no more than the 1d of the 1m tier in the file"}},
		{"out of order with the file, from above", service.Config{Keep1m: 30 * time.Minute},
			[]string{"Keep1m=30m: want at least the 1h of the raw tier in the file"}},
		{"retention of too many days", service.Config{RetentionDays: 366},
			[]string{"RetentionDays=366: want 1 to 365"}},
		{"negative retention", service.Config{RetentionDays: -1}, []string{"RetentionDays=-1"}},
		{
			"everything",
			service.Config{RetentionDays: 400, KeepRaw: time.Second, Keep1m: time.Minute, QueueSize: -1,
				Synchronous: "OFF"},
			[]string{"RetentionDays=400", "KeepRaw=1s", "Keep1m=1m", "QueueSize=-1", "Synchronous=OFF"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.config.DBPath = path
			_, err := service.OpenWriter(t.Context(), c.config, quiet())
			want(t, err, service.ErrConfig)
			for _, part := range c.says {
				if err != nil && !strings.Contains(err.Error(), part) {
					t.Errorf("error %v does not say %s", err, part)
				}
			}
			if diff := cmp.Diff([]int64{3600, 86400, 604800, 604800}, keeps(t, path)); diff != "" {
				t.Errorf("ages of the file (-want +got):\n%s", diff)
			}
		})
	}
}
