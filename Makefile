# `make demo` runs the main job, `make test` passes the tests; both set up everything they need on the first call.

PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python
READY := $(VENV)/.ready
TEXT ?=

export TF_CPP_MIN_LOG_LEVEL ?= 2
export TF_ENABLE_ONEDNN_OPTS ?= 1

.PHONY: help demo test lint format types check lock clean

help: ## Show this list.
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 16

$(READY): requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "tfbert needs Python 3.11 or newer: make PYTHON=python3.11")'
	$(PYTHON) -m venv --clear $(VENV)
	$(RUN) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(RUN) -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

demo: $(READY) ## Fine-tune on real tweets, export, and answer strings without tfbert. TEXT="..." adds your own.
	@$(RUN) examples/sentiment.py
	@$(RUN) examples/answer_without_tfbert.py saved_models/sentiment/1
	@$(if $(TEXT),TEXT="$$TEXT" $(RUN) -c 'import os, runpy, sys; sys.argv = ["answer", "saved_models/sentiment/1", os.environ["TEXT"]]; runpy.run_path("examples/answer_without_tfbert.py", run_name="__main__")')
