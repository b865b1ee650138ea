# Everything is put into two folders of the repository, .tools (uv) and .venv: no root, nothing outside.
# Needed: GNU make, git, and Python 3.11 or newer with its venv module (another one: make PY=python3.12 ...).

PY ?= python3
ARGS ?=
WORKERS ?= auto
UPGRADE ?=

UV := .tools/bin/uv
BIN := .venv/bin
IN := $(BIN)/python
SYNC := $(UV) pip sync -q --python $(IN) --require-hashes
COMPILE := $(UV) pip compile -q --universal --python-version 3.11 --generate-hashes \
	--no-header --no-annotate --no-emit-index-url --no-emit-find-links $(UPGRADE)

export UV_PYTHON_DOWNLOADS := never
export UV_NO_PROGRESS := 1

.DEFAULT_GOAL := help
.PHONY: help setup demo test check lint format bench locks clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile

setup: .venv/.ok ## the environment in .venv, everything at the locked versions

demo: .venv/.ok ## build the demo project, run a cycle, show it
	$(BIN)/habitue demo $(ARGS)

test: .venv/.ok ## the tests (ARGS="tests/x.py -k y", WORKERS=1, HABITUE_REQUIRE=all: no component may be missing)
	$(BIN)/pytest -n $(WORKERS) --dist loadgroup $(ARGS)

check: lint test ## format, style, types, rooms, then the tests

lint: .venv/.ok ## format, style, types, rooms
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/basedpyright
	$(BIN)/lint-imports --no-logo --no-cache

format: .venv/.ok ## put the code into shape
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .

bench: .venv/.ok ## the benchmarks, against peers measured in the same run
	$(IN) -m benchmarks $(ARGS)

# Why peers are pinned: lifetimes 0.11.3 is the last and was made for pandas 1, NumPy 1 and SciPy of their time; its data
# sets import pkg_resources, which setuptools 80 no longer has; today's PyArrow wants NumPy 2. pymc-marketing 1 needs
# Python 3.12.
locks: .tools/.ok ## resolve the dependencies again (UPGRADE=--upgrade: to the newest allowed)
	echo uv | $(COMPILE) -o locks/tools.txt - > /dev/null
	echo polars | $(COMPILE) -o locks/peer-polars.txt - > /dev/null
	printf 'pandas\npyarrow\n' | $(COMPILE) -o locks/peer-pandas.txt - > /dev/null
	echo openretailscience | $(COMPILE) -o locks/peer-openretailscience.txt - > /dev/null
	printf 'lifetimes==0.11.3\nnumpy<1.25\npandas<2\nscipy<1.12\nsetuptools<80\npyarrow<20\n' | $(COMPILE) -o locks/peer-lifetimes.txt - > /dev/null
	echo recordlinkage | $(COMPILE) -o locks/peer-recordlinkage.txt - > /dev/null
	printf 'streamlit\nduckdb<2\n' | $(COMPILE) -o locks/peer-streamlit.txt - > /dev/null
	printf 'pymc-marketing<1\npyarrow\n' | $(COMPILE) -o locks/peer-pymc.txt - > /dev/null
	$(COMPILE) --all-extras -o locks/dev.txt pyproject.toml > /dev/null
	$(COMPILE) --extra demo -c locks/dev.txt -o locks/runtime.txt pyproject.toml > /dev/null
	@if grep -nE '://|^(-|--)[a-z]' locks/*.txt; then echo "an address or an option stands in a lock file" >&2; exit 1; fi

clean: ## remove what was made here
	rm -rf .venv .tools .pytest_cache .ruff_cache .import_linter_cache .hypothesis dist
	find src tests -type d -name __pycache__ -prune -exec rm -rf {} +

.tools/.ok: locks/tools.txt
	@$(PY) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "habitue needs Python 3.11 or newer; $(PY) is `$(PY) --version 2>&1`. Name another: make PY=python3.12 ..." >&2; exit 1; }
	$(PY) -m venv --clear .tools
	.tools/bin/python -m pip install -q --disable-pip-version-check --require-hashes --no-deps -r locks/tools.txt
	touch $@

.venv/.ok: locks/dev.txt pyproject.toml .tools/.ok
	$(UV) venv -q --allow-existing --python $(PY) .venv
	$(SYNC) locks/dev.txt
	$(UV) pip install -q --python $(IN) --no-deps --no-build-isolation -e .
	touch $@
