# `make demo` runs the main job, `make test` passes the tests; both set up everything they need on the first call.

PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python
READY := $(VENV)/.ready
MODEL := saved_models/sentiment/1

# The text as it was typed: make would take a $ in it for a variable.
override TEXT := $(value TEXT)
export TEXT
export TF_CPP_MIN_LOG_LEVEL ?= 2

.PHONY: help setup demo test tools slow exhaustive parity bench lint format lock clean

help: ## Show this list.
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/; s/^/  make /' | expand -t 18

$(READY): requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("tfbert needs Python 3.11 or newer: make PYTHON=python3.11")'
	$(PYTHON) -m venv --clear $(VENV)
	$(RUN) -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements.lock
	$(RUN) -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

setup: $(READY) ## Make the environment in .venv from the lock file.

demo: $(READY) ## Fine-tune on real tweets, export, answer strings without tfbert; TEXT="..." adds your own.
	@$(RUN) examples/sentiment.py
	@$(RUN) examples/answer_without_tfbert.py $(MODEL) $${TEXT:+"$$TEXT"}

test: $(READY) ## Run the tests (about ten minutes on two cores).
	$(RUN) -m pytest -n 2 --dist worksteal $(PYTEST_OPTIONS)

tools: ## Install what `make slow` needs beside Python, where it is missing: Java, Chromium, openssl (Debian, as root).
	for need in java:openjdk-17-jre-headless chromium:chromium openssl:openssl; do \
		command -v $${need%%:*} >/dev/null || { apt-get update -qq && \
		apt-get install -y -qq --no-install-recommends $${need##*:} fonts-dejavu-core; } || exit 1; done

slow: $(READY) ## Run the tests that `make test` leaves out because each takes long (after `make tools`).
	$(RUN) -m pytest -n 2 --dist worksteal -m "slow and not exhaustive" $(PYTEST_OPTIONS)

# XLA keeps every program that a process compiled, in memory maps of which a process may have 65,530: hence the parts.
exhaustive: $(READY) ## Compare every model, option and form with PyTorch's outputs, where `make test` takes a sample.
	set -e; for part in "not xla" "xla and not relative_key" "xla and relative_key and not relative_key_query" \
		"xla and relative_key_query"; do \
		$(RUN) -m pytest -n 2 -m exhaustive -k "$$part" $(PYTEST_OPTIONS); done

parity: $(READY) ## Compare the tokenizer with the Rust library on 20 million strings (10 to 15 minutes).
	@$(RUN) -m scripts.parity $(PARITY_OPTIONS)

bench: $(READY) ## Measure speed and memory beside other libraries, into outputs/benchmarks (an hour; 10 GB for the peers).
	set -e; for name in throughput latency scaling cold_start memory precision edge serving spark; do echo "== $$name"; \
		$(RUN) examples/benchmarks/$$name.py --json outputs/benchmarks/$$name.json \
		--chart outputs/benchmarks/$$name.png; done

lint: $(READY) ## Check style, formatting and types.
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .
	$(RUN) -m mypy

format: $(READY) ## Mend style and formatting.
	$(RUN) -m ruff check --fix .
	$(RUN) -m ruff format .

lock: $(READY) ## Renew requirements.lock from pyproject.toml.
	$(RUN) -m uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes --upgrade --quiet --output-file requirements.lock

clean: ## Remove the environment and everything that was made.
	rm -rf $(VENV) .cache outputs .mypy_cache .pytest_cache .ruff_cache saved_models/sentiment
