PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: demo test lint fuzz torture clean

demo: $(READY)
	@$(BIN)/tumangang-watch compare fixtures/tumangang_2022-11-30_painted.tif \
		fixtures/tumangang_2022-12-01_painted.tif --out out/demo --overwrite

# Hundreds of commands are run: each would compile the package anew where Python may not keep bytecode.
test: $(READY)
	@$(BIN)/python -m compileall -q tumangang_watch tests
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

fuzz: $(READY)
	$(BIN)/python -m scripts.fuzz --mutants $(or $(MUTANTS),10000)

torture: $(READY)
	$(BIN)/python -m scripts.torture --per $(or $(PER),40)

lint: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m scripts.import_rooms

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11))" || (echo "Python 3.11 or newer is needed (PYTHON=...)"; exit 1)
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing the locked packages into $(VENV)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $(READY)

clean:
	rm -rf $(VENV) out
