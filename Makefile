# `make` alone lists the targets. Two are enough to begin with: make run, make test.

.DEFAULT_GOAL := help
SHELL         := /bin/bash

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)

# One set of flags for every build, test and tool, so that nothing is compiled twice. No cgo: no C compiler needed, except for race.
# The version comes from VERSION: asking git for it a second time fails in a checkout that belongs to another user.
export CGO_ENABLED ?= 0
export GOFLAGS     := $(GOFLAGS) -trimpath -buildvcs=false

# Where the kernel can do it, a server or test run also ends when make itself is killed.
TOGETHER := $(shell setpriv --pdeathsig TERM true 2>/dev/null && echo setpriv --pdeathsig TERM)

TESTRUN  = go build -o bin/testrun ./internal/testkit/testrun && exec $(TOGETHER) bin/testrun --
PATIENCE = echo "Compiling. On a new machine this takes two to three minutes before anything else is said."
PARALLEL = -parallel $(shell echo $$((2 * $$(getconf _NPROCESSORS_ONLN)))) # most tests wait for the database half of their time
SOURCES  = $(wildcard api cmd internal migrations openapi)

# Tools are installed once, at exactly these versions, never through go.mod: their requirements would join ours.
TOOLS        := $(CURDIR)/.tools
GOFUMPT      := $(TOOLS)/gofumpt@v0.12.0/gofumpt
STATICCHECK  := $(TOOLS)/staticcheck@v0.8.2/staticcheck
GOVULNCHECK  := $(TOOLS)/govulncheck@v1.9.0/govulncheck
OAPI_CODEGEN := $(TOOLS)/oapi-codegen@v2.8.2/oapi-codegen
REDOCLY      := @redocly/cli@2.77.0

$(GOFUMPT):      MODULE := mvdan.cc/gofumpt
$(STATICCHECK):  MODULE := honnef.co/go/tools/cmd/staticcheck
$(GOVULNCHECK):  MODULE := golang.org/x/vuln/cmd/govulncheck
$(OAPI_CODEGEN): MODULE := github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen
$(GOFUMPT) $(STATICCHECK) $(GOVULNCHECK) $(OAPI_CODEGEN):
	@echo "Installing $(notdir $(@D))"
	@GOBIN=$(@D) go install $(MODULE)@$(lastword $(subst @, ,$(notdir $(@D))))

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

## ---- run

.PHONY: build
build: ## compile bin/dutybound
	@$(PATIENCE)
	@go build -ldflags "-X main.version=$(VERSION)" -o bin/dutybound ./cmd/dutybound

.PHONY: run
run: build ## build and serve, with an own Postgres and Redis unless DATABASE_URL and REDIS_URL are set; ARGS="--listen ..."
	@exec $(TOGETHER) bin/dutybound serve $(ARGS)

.PHONY: demo
demo: build ## play a morning at the demo station against the running server; ARGS="--server ..."
	@exec bin/dutybound demo $(ARGS)

## ---- test

.PHONY: test
test: ## run every test, on a throw-away Postgres; PACKAGES=./internal/law/... for some
	@$(PATIENCE)
	@$(TESTRUN) go test -timeout 25m $(PARALLEL) $(or $(PACKAGES),./...)

# The compiler is a tool like the others: the client itself has no dependencies, and nothing of npm is part of the project.
TSTOOLS := .cache/ts/typescript@5.9.3

.PHONY: test-ts
test-ts: ## compile and test the TypeScript of the phone's side (needs node and npm; the Go tests hold its vectors without)
	@[ -d $(TSTOOLS) ] || npm install --silent --no-audit --no-fund --prefix $(TSTOOLS).new $(notdir $(TSTOOLS)) @types/node@20 && \
		{ [ -d $(TSTOOLS) ] || mv $(TSTOOLS).new $(TSTOOLS); }
	@$(TSTOOLS)/node_modules/.bin/tsc -p api/phone-ts --typeRoots $(TSTOOLS)/node_modules/@types --outDir .cache/ts/out
	@cp api/phone-ts/package.json .cache/ts/out
	@VECTORS=$(CURDIR)/api/phone-ts/vectors.json node --test .cache/ts/out

.PHONY: race
race: ## run the tests under the race detector, the longest in a shorter form (needs a C compiler)
	@$(PATIENCE)
	@$(TESTRUN) env CGO_ENABLED=1 go test -race -short -timeout 25m $(PARALLEL) $(or $(PACKAGES),./...)

.PHONY: bench
bench: ## run the benchmarks; BENCH=Ruling for some
	@$(PATIENCE)
	@$(TESTRUN) go test -run '^$$' -bench '$(or $(BENCH),.)' -benchmem \
		$(or $(PACKAGES),$(addprefix ./,$(shell grep -rl --include='*_test.go' '^func Benchmark' $(SOURCES) | xargs -n1 dirname | sort -u)))

## ---- check

.PHONY: check
check: format vet staticcheck floors generated openapi vulnerabilities ## everything that judges the source without running it
	@echo "check: all well"

.PHONY: prove
prove: build ## hold the statements of every rulebook to all combinations of facts; ARGS="cq-2021 --act patrol" for some
	@bin/dutybound law prove $(ARGS)

.PHONY: format
format: $(GOFUMPT)
	@unformatted=$$($(GOFUMPT) -l $(SOURCES)); [ -z "$$unformatted" ] || { echo "not gofumpt's format, mend with make fmt:"; echo "$$unformatted"; exit 1; }

.PHONY: fmt
fmt: $(GOFUMPT) ## format the source
	@$(GOFUMPT) -w $(SOURCES)

.PHONY: vet
vet:
	@go vet ./...

.PHONY: staticcheck
staticcheck: $(STATICCHECK)
	@said=$$($(STATICCHECK) ./...); code=$$?; [ $$code -le 1 ] || exit $$code; \
	ours=$$(grep -v '\.gen\.go:' <<<"$$said"); [ -z "$$ours" ] || { echo "$$ours"; exit 1; }

.PHONY: floors
floors: ## which room may import which, and what must stand nowhere
	@go test ./internal/archtest

READINGS = go test ./internal/law/lawcli -run '^TestReadingsPageIsCurrent$$'
GENERATE = $(OAPI_CODEGEN) -config openapi/types.yaml openapi/openapi.yaml && $(OAPI_CODEGEN) -config openapi/server.yaml openapi/openapi.yaml

.PHONY: generate
generate: $(OAPI_CODEGEN) ## make the Go of the contract in openapi/openapi.yaml, and internal/law/READINGS.md from the rulebooks
	@$(GENERATE)
	@$(READINGS) -update >/dev/null

.PHONY: generated
generated: $(OAPI_CODEGEN)
	@new=$$(mktemp -d) && trap 'rm -rf "$$new"' EXIT && mkdir -p "$$new/api" "$$new/internal/httpapi" && cp -r openapi "$$new" && \
	(cd "$$new" && $(GENERATE)) && \
	for f in api/api.gen.go internal/httpapi/server.gen.go; do \
		diff -u "$$f" "$$new/$$f" || { echo "$$f is not current, mend with make generate"; exit 1; }; \
	done
	@$(READINGS)

# Without npm the contract is still validated, by internal/archtest.
.PHONY: openapi
openapi:
	@if command -v npm >/dev/null; then \
		export npm_config_fetch_retries=1 npm_config_fetch_retry_mintimeout=1000; \
		npx --yes $(REDOCLY) --version >/dev/null 2>&1 || \
			{ echo "check: redocly could not be fetched; this step alone needs npm's registry, make floors validates the contract without it"; exit 1; }; \
		REDOCLY_TELEMETRY=off REDOCLY_SUPPRESS_UPDATE_NOTICE=true npx --yes $(REDOCLY) lint $(if $(wildcard openapi/redocly.yaml),--config openapi/redocly.yaml) $(wildcard openapi/openapi.yaml openapi/asyncapi.yaml); \
	else \
		echo "npm is not here, so redocly is not run; the contract is validated by the floors target"; \
	fi

# The vulnerability data: VULNDB names a folder or address of it; else the newest archive beside the project; else vuln.go.dev.
VULNARCHIVE = $(lastword $(sort $(wildcard ../shared/vulndb/osv-*.tgz)))

.PHONY: vulnerabilities
vulnerabilities: $(GOVULNCHECK)
	@db="$(VULNDB)"; \
	if [ -z "$$db" ] && [ -n "$(VULNARCHIVE)" ]; then \
		db="$(CURDIR)/.cache/vulndb/$(basename $(notdir $(VULNARCHIVE)))"; \
		[ -d "$$db" ] || { mkdir -p "$$db.new" && tar -xzf $(VULNARCHIVE) -C "$$db.new" && mv "$$db.new" "$$db"; }; \
		db="$$db/osv"; \
	fi; \
	case "$$db" in "") ;; /*) db="-db=file://$$db" ;; *) db="-db=$$db" ;; esac; \
	$(GOVULNCHECK) $$db ./... || { code=$$?; \
		[ $$code = 3 ] || echo "check: the known vulnerabilities could not be read; VULNDB names a copy of them, a folder or an address"; exit $$code; }

.PHONY: clean
clean: ## remove what was built; data, tools and fetched programs stay
	@rm -rf bin
