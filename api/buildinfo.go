package api

import (
	"log/slog"

	"github.com/wanstore/wanstore/internal/version"
	"github.com/wanstore/wanstore/service"
)

var buildInfo = describe("build_info",
	"What wanstore was built from, also where another program embeds it; always 1.",
	"version", "commit", "goversion", "sqlite")

// buildLabels are the values of the labels of buildInfo. What is not known is empty, which is to
// Prometheus a label that is not there.
func buildLabels(log *slog.Logger) []string {
	sqlite, err := service.SQLiteVersion()
	if err != nil {
		log.Warn("the version of SQLite is not known", "err", err)
	}
	build := version.Read()
	return []string{build.Version, build.Commit, build.Go, sqlite}
}
