# make run: set up and train on the built-in data.   make test: set up, then every check.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: help run test lint types layers pytest format clean
help:
	@echo "make run     install, then train DNN and MLP on the built-in simulated stars"
	@echo "make test    install, then lint, types, import layers and tests"
	@echo "make lint    ruff: style and format"
	@echo "make format  let ruff rewrite the files"

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c "import sys; sys.exit(0 if sys.version_info >= (3, 11) else 'astrosweep needs Python 3.11 or newer; set PYTHON=<python>')"
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[dev]"
	@touch $(STAMP)

run: $(STAMP)
	$(BIN)/python train.py -m model=dnn,mlp

test: lint types layers pytest

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(STAMP)
	$(BIN)/mypy

layers: $(STAMP)
	$(BIN)/lint-imports

pytest: $(STAMP)
	$(BIN)/python -m pytest

format: $(STAMP)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
