package clients

import (
	"debug/buildinfo"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
)

// The version that is told is that of the module whose engine answers: v0.316.0 is Prometheus
// 3.16.0.
func TestVersion(t *testing.T) {
	server := serverURL(t)
	info, err := buildinfo.ReadFile(filepath.Join(folder, "wanstore"))
	if err != nil {
		t.Fatal(err)
	}
	_, _, answer := ask(t, http.MethodGet, server+"/api/v1/status/buildinfo", "")
	for _, module := range info.Deps {
		if module.Path != "github.com/prometheus/prometheus" {
			continue
		}
		want := `"version":"3.` + strings.TrimPrefix(module.Version, "v0.3") + `"`
		if !strings.Contains(answer, want) {
			t.Errorf("%s, want %s", answer, want)
		}
		return
	}
	t.Error("no module of Prometheus")
}
