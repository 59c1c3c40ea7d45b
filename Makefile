# The tools are built from the versions pinned in tools/ and kept in Go's build cache: nothing is
# installed.
TOOL := CGO_ENABLED=0 go tool -modfile=tools/go.mod

# Which benchmarks, and how often: make bench BENCH=Record COUNT=10
BENCH ?= .
COUNT ?= 1

# Which commit bench-turns compares with, and how many turns each has.
BASE ?= HEAD^
TURNS ?= 5

# How many times ten seconds, roughly, each fuzz target runs.
FUZZTIMES ?= 6

# Where to build.
BIN ?= bin

# What the program says that it was built from: taken from git, or given where that is not there.
VERSION ?= $(shell packaging/version.sh)
COMMIT ?= $(shell git rev-parse HEAD 2>/dev/null)
COMMIT_DATE ?= $(shell TZ=UTC git log -1 --format=%cd \
  --date=format-local:%Y-%m-%dT%H:%M:%SZ 2>/dev/null)
SOURCE_DATE_EPOCH ?= $(shell git log -1 --format=%ct 2>/dev/null)

STAMP := github.com/wanstore/wanstore/internal/version
LDFLAGS = -s -w -X $(STAMP).version=$(VERSION) -X $(STAMP).commit=$(COMMIT) \
  -X $(STAMP).date=$(COMMIT_DATE)

.DEFAULT_GOAL := help

.PHONY: help
help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-16s %s\n", $$1, $$2 }' \
	  $(firstword $(MAKEFILE_LIST))

.PHONY: build
build: ## Build bin/wanstore, a static binary
	CGO_ENABLED=0 go build -trimpath -ldflags='$(LDFLAGS)' -o $(BIN)/ ./cmd/wanstore

.PHONY: man
man: ## Write the man pages into bin/man
	CGO_ENABLED=0 go run -trimpath -tags man -ldflags='$(LDFLAGS)' ./cmd/wanstore $(BIN)/man

.PHONY: completions
completions: build ## Write the completions of bash, zsh and fish into bin/completions
	mkdir -p $(BIN)/completions
	$(BIN)/wanstore completion bash >$(BIN)/completions/wanstore.bash
	$(BIN)/wanstore completion zsh >$(BIN)/completions/_wanstore
	$(BIN)/wanstore completion fish >$(BIN)/completions/wanstore.fish

.PHONY: packages
packages: man completions ## Build .deb, .rpm, .ipk and .tar.gz into bin/packages (ARCHS=amd64)
	@BIN='$(BIN)' VERSION='$(VERSION)' LDFLAGS='$(LDFLAGS)' \
	  SOURCE_DATE_EPOCH='$(SOURCE_DATE_EPOCH)' packaging/build.sh $(ARCHS)

.PHONY: test
test: ## Run all tests under the race detector, and list those that were skipped
	go tool -modfile=tools/go.mod gotestsum -- -race -timeout 30m \
	  -gcflags='github.com/ncruces/go-sqlite3-wasm/...=-race=false' ./...
	tests/promql/test.sh

.PHONY: fuzz
fuzz: ## Run each fuzz target for a while (FUZZTIMES=n, times ten seconds)
	@FUZZTIMES='$(FUZZTIMES)' .ci/run fuzz

.PHONY: soak
soak: ## Kill processes hundreds of times, let each operation fail, damage each row: an hour
	WANSTORE_SOAK=1 go test -count=1 -timeout 3h -v ./tests/processes/... ./tests/faults/... \
	  ./tests/corruption/... ./tests/plaintools/... ./tests/salvage/...

.PHONY: soak-push
soak-push: ## Kill receivers and senders often, and drive a receiver as 10,000 sites would: an hour
	WANSTORE_SOAK=1 go -C tests/push test -count=1 -timeout 4h -v .

.PHONY: load
load: ## Record 200 series at 20 Hz, then 10,000 at 1 Hz, with eight readers: ten minutes each
	WANSTORE_LOAD_TIME=10m go test -count=1 -timeout 1h ./tests/load -v

.PHONY: bench
bench: ## Run the benchmarks, and those of Prometheus beside them (BENCH=regexp COUNT=n)
	go test -run '^$$' -bench '$(BENCH)' -count $(COUNT) -benchmem -timeout 3h ./tests/bench/...
	@$(MAKE) --no-print-directory bench-prometheus || \
	  echo 'Prometheus could not be built or run here: its figures are missing'

.PHONY: bench-prometheus
bench-prometheus: ## Run the benchmarks of Prometheus's TSDB, with the same loads (BENCH=, COUNT=)
	go -C tests/prometheus test -run '^$$' -bench '$(BENCH)' -count $(COUNT) -benchmem -timeout 1h .

.PHONY: bench-promql
bench-promql: ## Ask Debian's Prometheus and this tree in turns the same questions (COUNT=)
	go -C tests/promql test -run '^$$' -bench . -benchtime 20x -count $(COUNT) -timeout 2h .

.PHONY: bench-push
bench-push: ## Let this tree, Prometheus and vmagent send the same in turns (BENCH=, COUNT=)
	go -C tests/push test -run '^$$' -bench '$(BENCH)' -benchtime 1x -count $(COUNT) -timeout 4h .

.PHONY: bench-turns
bench-turns: ## Run the benchmarks of a commit and of this tree in turns (BASE=, BENCH=, TURNS=)
	@tests/bench/turns.sh '$(BASE)' '$(BENCH)' $(TURNS)

.PHONY: benchstat
benchstat: ## Compare two benchmark outputs (OLD=file NEW=file)
	$(TOOL) benchstat $(OLD) $(NEW)

.PHONY: generate
generate: ## Generate db/ from schema/ and queries/
	rm -f db/*.go db/old/*.go db/wanctl/*.go
	$(TOOL) sqlc generate

.PHONY: check-generated
check-generated: ## Regenerate db/ and fail if it differs from what is committed
	@.ci/run generated

.PHONY: lint
lint: ## Run gofmt, go vet and golangci-lint
	@.ci/run lint

.PHONY: vuln
vuln: ## Look for known vulnerabilities in what the program calls
	$(TOOL) govulncheck ./...

.PHONY: update-goldens
update-goldens: ## Rewrite the golden files of the tests (then read the diff)
	go test ./tests/... -update

.PHONY: ci
ci: ## Run the whole gate
	@.ci/run

.PHONY: clean
clean: ## Delete what building, testing and profiling leave behind
	rm -rf bin
	find . -name '.git' -prune -o -type f \
	  \( -name '*.test' -o -name '*.prof' -o -name 'coverage*.out' \) -exec rm -f {} +
