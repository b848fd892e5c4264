# The README's commands. `make run` and `make test` work straight after `git clone`.

PYTHON ?= python3
# PyTorch's package index for the CPU build, where plain pip would fetch CUDA; see the README.
TORCH_INDEX ?=
PORT ?= 7860
TORCH_FLAGS = $(if $(TORCH_INDEX),--index-url $(TORCH_INDEX),)
TORCH = torch==2.13.0
# Lints the page's script, where there is Node; nothing of it is used at run time.
ESLINT = eslint@9.39.5 @eslint/js@9.39.5 globals@16.5.0
BIN = .venv/bin
PIP = $(BIN)/python -m pip --disable-pip-version-check

.PHONY: run test bench lint constraints clean

run: .venv/installed
	$(BIN)/qa-bot chat --documents documents --index index --port $(PORT)

test: .venv/installed-dev .venv/installed-ray .venv/eslint/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pytest

bench: .venv/installed-dev
	$(BIN)/python -m benchmarks.quality.core
	$(BIN)/python -m benchmarks.quality.reading_scores

# Installed once; again only when what is pinned changes.
.venv/installed: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "qa_bot needs Python 3.11 or newer; name one with make PYTHON=…")'
	@echo "Installing into .venv; this takes a few minutes, once."
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(PIP) install --quiet $(TORCH_FLAGS) $(TORCH)
	$(PIP) install --quiet --constraint constraints.txt --editable .
	touch $@

.venv/installed-dev: .venv/installed
	$(PIP) install --quiet --constraint constraints.txt --editable '.[dev]'
	touch $@

# Ray, for the tests of a cluster alone: without it they are skipped.
.venv/installed-ray: .venv/installed
	$(PIP) install --quiet --constraint constraints.txt --editable '.[ray]'
	touch $@

# Where there is Node. An install that fails is tried again by the next `make test`.
.venv/eslint/installed: Makefile
	! command -v npm >/dev/null || { npm install --silent --prefix .venv/eslint $(ESLINT) && touch $@; } \
	  || echo "ESLint could not be installed: the page's script is not linted."

# Pin the newest versions of everything that pyproject.toml allows.
constraints:
	rm -rf .venv-constraints && $(PYTHON) -m venv .venv-constraints
	.venv-constraints/bin/python -m pip install --quiet $(TORCH_FLAGS) $(TORCH)
	.venv-constraints/bin/python -m pip install --quiet '.[dev,ray]'
	.venv-constraints/bin/python -m pip freeze --exclude qa-bot | sed 's/+cpu//' > constraints.txt
	rm -rf .venv-constraints

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache
