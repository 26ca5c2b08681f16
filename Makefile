# Each target is a few lines that can be typed one by one where there is no make: README.md lists them for Windows.

PYTHON ?= python3
ifeq ($(OS),Windows_NT)
BIN := .venv/Scripts
else
BIN := .venv/bin
endif
RESULT := runs/baseline--yantai-2024
# Python compiles the tenth of the files that are used when they are used first, and keeps that: all of them is 20 s.
export PYTHONDONTWRITEBYTECODE :=
PIP := $(BIN)/python -m pip install --quiet --no-compile --constraint constraints.txt

.PHONY: run test check bench agreement

run: .venv/installed-viz  ## the embedded city before and after its 2024 programme: table, map, memo
	$(BIN)/twin run yantai-2024 --out $(RESULT)
	$(BIN)/twin map $(RESULT)
	$(BIN)/twin report $(RESULT)

test: .venv/installed-dev  ## every test, in a browser too where there is one
	$(BIN)/python -m pytest --numprocesses auto --dist loadfile

check: .venv/installed-dev  ## form, style, types, and imports that go down only
	$(BIN)/python -m ruff format --check .
	$(BIN)/python -m ruff check .
	$(BIN)/python -m mypy
	$(BIN)/lint-imports --no-cache

bench: .venv/installed-bench  ## how fast the engine is beside SUMO and UXsim: writes benchmarks/RESULTS.md
	$(BIN)/python -m benchmarks.speed

agreement: .venv/installed-bench  ## whether it agrees with SUMO on real signalised streets: writes benchmarks/AGREEMENT.md
	$(PIP) --no-deps sumo-rl
	$(BIN)/python -m benchmarks.agreement

.venv/installed-%: pyproject.toml constraints.txt | .venv/pyvenv.cfg
	$(PIP) --editable ".[$*]"
	@touch $@

.venv/pyvenv.cfg:
	@$(PYTHON) -c 'import sys; v = ".".join(map(str, sys.version_info[:3])); sys.exit(None if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed, $(PYTHON) is " + v + ". Name another: make PYTHON=python3.12")'
	$(PYTHON) -m venv .venv
