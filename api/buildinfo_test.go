package api_test

import (
	"regexp"
	"runtime"
	"testing"

	"github.com/wanstore/wanstore/api"
	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/service"
)

// Versions that nothing tells, as those of a test, are left out.
func TestBuildInfo(t *testing.T) {
	_, families := scrape(t, answering(t, api.Options{Path: filetest.Path(t)}))
	if got := valueOf(t, families, "wanstore_build_info"); got != 1 {
		t.Errorf("wanstore_build_info is %v, want 1", got)
	}
	sqlite, err := service.SQLiteVersion()
	if err != nil || !regexp.MustCompile(`^3\.\d+\.\d+$`).MatchString(sqlite) {
		t.Errorf("SQLite %q, %v", sqlite, err)
	}
	labels := labelsOf(families["wanstore_build_info"].GetMetric()[0])
	if labels["sqlite"] != sqlite || labels["goversion"] != runtime.Version() {
		t.Errorf("labels %v, want SQLite %s and %s", labels, sqlite, runtime.Version())
	}
}
