# make run: set up and train on the built-in data.   make check: set up, then what can be checked in two minutes.
# make test: set up, then every check.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: help run check test lint types layers quick pytest format clean
help:
	@echo "make run     install, then train DNN and MLP on the built-in simulated stars"
	@echo "make check   install, then lint, types, import layers and the light tests"
	@echo "make test    install, then lint, types, import layers and all tests"
	@echo "make lint    ruff: style and format"
	@echo "make format  let ruff rewrite the files"

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c "import sys; sys.exit(0 if sys.version_info >= (3, 11) else 'astrosweep needs Python 3.11 or newer; set PYTHON=<python>')"
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[dev]"
	@touch $(STAMP)

run: $(STAMP)
	$(BIN)/python train.py -m model=dnn,mlp

# Two at once: that suits two cores, and the tests are two processes of one thread each.
check: $(STAMP)
	$(MAKE) --jobs 2 --keep-going lint types layers quick

test: lint types layers pytest

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(STAMP)
	$(BIN)/mypy

layers: $(STAMP)
	$(BIN)/lint-imports

quick: $(STAMP)
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -m "not process" --numprocesses 2 --dist loadfile

pytest: $(STAMP)
	$(BIN)/python -m pytest

format: $(STAMP)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
