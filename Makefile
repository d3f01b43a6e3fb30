# The ways in. `make` lists them. Go is all that is needed; what else is
# missing is downloaded or built on first use, and says so.

GO    ?= go
BIN   := bin
TOOLS := $(BIN)/tools
ARGS  ?=

GOLANGCI_LINT := $(TOOLS)/golangci-lint-v2.15.0/golangci-lint
WORKFLOWCHECK := $(TOOLS)/workflowcheck-v0.6.0/workflowcheck
GOVULNCHECK   := $(TOOLS)/govulncheck-v1.9.0/govulncheck

# The race detector needs a C compiler.
RACE := $(if $(shell command -v $${CC:-cc} 2>/dev/null),-race)

.DEFAULT_GOAL := help
.PHONY: help run test test-web lint bench fitness build parts ci clean

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: build ## run the whole system here: make run ARGS="--port 8081"
	@exec ./$(BIN)/yourticket dev $(ARGS)

test: parts ## run all tests, on real PostgreSQL, Redis, Elasticsearch and Temporal
	@$(if $(RACE),,echo "no C compiler: the tests run without the race detector")
	$(GO) test $(RACE) -timeout 30m $(ARGS) ./...
	cd tools/temporald && CGO_ENABLED=0 $(GO) test ./...
	cd tools/tfcheck && CGO_ENABLED=0 $(GO) test ./...

test-web: parts ## drive storefront and Temporal UI in Chromium, which must be installed
	$(GO) test -tags browser -parallel 2 -timeout 9m $(ARGS) ./e2e/web

lint: $(GOLANGCI_LINT) $(WORKFLOWCHECK) $(GOVULNCHECK) ## check style, import rules, workflow determinism and known vulnerabilities
	./$(GOLANGCI_LINT) run ./...
	cd tools/temporald && CGO_ENABLED=0 ../../$(GOLANGCI_LINT) run ./...
	cd tools/deploy && ../../$(GOLANGCI_LINT) run ./...
	cd tools/tfcheck && CGO_ENABLED=0 ../../$(GOLANGCI_LINT) run ./...
	./$(WORKFLOWCHECK) ./...
	@./$(GOVULNCHECK) ./... || { [ $$? -ne 3 ] && echo "govulncheck did not finish, most likely for want of its database; going on"; }

bench: build parts ## measure purchases a second and what each costs
	$(GO) run ./e2e/bench $(ARGS)

fitness: build parts ## check the system's qualities against their goals
	$(GO) run ./e2e/fitness $(ARGS)

build: ## build bin/yourticket
	$(GO) build -o $(BIN)/yourticket ./cmd/yourticket

parts: ## fetch the servers that run and test need
	@$(GO) run ./cmd/yourticket parts fetch

ci: build lint test ## all that a change must pass

clean: ## remove what was built here; data and caches stay
	rm -rf $(BIN)

# install NAME@VERSION of a package, each version in a folder of its own.
define install
	@echo "installing $(1)"
	@GOBIN="$(CURDIR)/$(@D)" $(GO) install $(1)
endef

$(GOLANGCI_LINT):
	$(call install,github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0)

$(WORKFLOWCHECK):
	$(call install,go.temporal.io/sdk/contrib/tools/workflowcheck@v0.6.0)

$(GOVULNCHECK):
	$(call install,golang.org/x/vuln/cmd/govulncheck@v1.9.0)
