# Every command sets up what it needs. `make help` lists them.
SHELL := /bin/bash
PYTHON ?= python3
.DEFAULT_GOAL := help

.PHONY: help setup build demo test test-long rules torture results golden bench-train bench-table bench-platform sqlx fmt

help: ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

setup: ## fetch libtorch, PostgreSQL and Node into .deps, where missing
	@$(PYTHON) tools/setup/setup.py

build: setup ## build the three programs (release)
	@cargo build --release -p mrprism-orchestrator -p mrprism-cli -p mrprism-worker

demo: ## set up, train through the queue, print the table; DATA=dir: on real brain MRI
	@tools/demo "$(DATA)"

test: ## set up, then format, lints, docs, queries and every test 
	@tools/test

test-long: ## what takes longer than `make test` allows
	@tools/test --long

rules: setup ## every rule of the queue with the tests that show it, run
	@tools/rules

torture: setup ## kill, hold, cut off and fill what 200 runs go through; nothing may be lost; ARGS=--help says more
	@tools/torture $(ARGS)

results: build ## make every table and picture in docs/results again from the exports beside them
	@tools/results

golden: ## make the golden numbers again with their independent libraries (3 GB of wheels)
	@tools/golden/make

bench-train: build ## time a training step beside PyTorch eager; ARGS="--full --tuned" for more (3 GB of wheels)
	@tools/bench/train $(ARGS)

bench-table: setup ## time a table of 200 arms, 5 seeds and 8 metrics, from Postgres to JSON
	@cargo build --release -p mrprism-orchestrator
	@target/release/mrprism-orchestrator test-database -- \
	  cargo test --quiet --release -p mrprism-orchestrator --test it -- --ignored --nocapture a_table_of_200

bench-platform: ## time planning, claims and metric points beside MLflow's server; ARGS=--json (1 GB of wheels)
	@$(PYTHON) tools/setup/setup.py >&2
	@tools/bench/platform $(ARGS)

sqlx: ## write .sqlx anew after a query or a migration changed
	@tools/sqlx-prepare

fmt: ## format the sources
	@cargo fmt
