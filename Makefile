# Peerpod: `make run` to use it, `make test` to check it, `make lint` before a commit.
SHELL := /bin/bash
.DEFAULT_GOAL := help

TAGS     := migrated_fynedo
BIN      := bin
TOOLS    := $(CURDIR)/.cache/bin
VERSION  := $(shell git describe --tags --always --dirty 2>/dev/null || echo devel)
LDFLAGS  := -s -w -X github.com/peerpod/peerpod/app.version=$(VERSION)
GOFLAGS_BUILD := -trimpath -tags $(TAGS) -ldflags "$(LDFLAGS)"

# Pinned, so that everybody sees the same findings.
GOLANGCI    := v2.12.2
GOVULNCHECK := v1.9.0

.PHONY: help run build daemon window test race lint vuln check vendor-web pages bench deps-run deps-build deps-test clean

help: ## Show these lines
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

run: deps-run ## Install what is missing, build, start Peerpod (without a display: the pod alone)
	@packaging/dev/run.sh

build: daemon window ## Build both programs into bin/

daemon: ## Build peerpodd: the pod without a window, no cgo
	CGO_ENABLED=0 go build $(GOFLAGS_BUILD) -o $(BIN)/peerpodd ./app/peerpodd

window: deps-build ## Build peerpod: window and pod
	CGO_ENABLED=1 go build $(GOFLAGS_BUILD) -o $(BIN)/peerpod ./app/peerpod

test: deps-test daemon pages race ## All that CI does but the linters
	GOOS=windows CGO_ENABLED=0 go build -o /dev/null ./pod/... ./app/peerpodd
	GOOS=darwin CGO_ENABLED=0 go build -o /dev/null ./pod/... ./app/peerpodd

race: ## The Go tests
	go test -race -shuffle=on -tags $(TAGS) -timeout 25m ./...
	cd pod/swarm/goutp && go test -race -shuffle=on ./...

pages: ## The page: vendored libraries are what they say, types are right
	go run ./assets/vendor -check
	assets/check.sh

lint: deps-build $(TOOLS)/golangci-lint-$(GOLANGCI) ## Linters, vet, go.mod, shell scripts
	go mod tidy -diff
	cd pod/swarm/goutp && go mod tidy -diff && go vet ./...
	go vet -tags $(TAGS) ./...
	shellcheck packaging/dev/*.sh assets/*.sh .ci/run
	$(TOOLS)/golangci-lint-$(GOLANGCI) run ./...

$(TOOLS)/golangci-lint-$(GOLANGCI):
	GOBIN=$(TOOLS) go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI)
	mv $(TOOLS)/golangci-lint $@

vuln: ## Known holes in what we use, where the database can be reached
	@out=$$(go run golang.org/x/vuln/cmd/govulncheck@$(GOVULNCHECK) -tags $(TAGS) ./... 2>&1); code=$$?; echo "$$out"; \
	if [ $$code -ne 0 ] && grep -qE 'fetching vulnerabilities|dial tcp|403|no such host' <<<"$$out"; then \
	  echo "The vulnerability database can not be reached from here: nothing was checked."; else exit $$code; fi

check: test lint ## Tests and linters

bench: daemon ## Measure the pod beside its peers (minutes); figures as ratios
	go run ./app/podbench

vendor-web: ## Fetch the page's libraries anew
	go run ./assets/vendor

deps-run deps-build deps-test:
	@packaging/dev/deps.sh $(@:deps-%=%)

clean: ## Remove what was built
	rm -rf $(BIN) dist
