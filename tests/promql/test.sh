#!/usr/bin/env bash
# Runs the tests of this module. They want Prometheus's modules: where these cannot be had it says
# so, as gotestsum does of a test that was skipped. Without the race detector: the tests of the
# packages themselves have it, and here it would double the time.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
if ! problem=$(go mod download 2>&1); then
  printf '=== SKIP: tests/promql all of them\n'
  printf '    the modules of Prometheus cannot be had here: %s\n\n' "${problem##*$'\n'}"
  exit 0
fi
go tool -modfile=../../tools/go.mod gotestsum -- -timeout 10m ./...
