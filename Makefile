# What there is to do with a checkout; CONTRIBUTING.md explains. The work is done by
# small scripts in packaging/.  Example: make test ARGS="-k occlusion"
.PHONY: setup run test lint dist smoke bundle docs fuzz drive bench soak screenshots film gallery lessons \
	catalogue translations peers

python := .venv/bin/python

setup:
	@sh packaging/setup.sh

run: setup
	@sh packaging/run.sh $(ARGS)

test: setup
	@sh packaging/test.sh $(ARGS)

lint: setup
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/mypy
	.venv/bin/mypy packaging
	.venv/bin/lint-imports

dist: setup
	@sh packaging/dist.sh

smoke: dist
	@sh packaging/smoke.sh

bundle: setup
	@sh packaging/bundle.sh $(ARGS)

docs: setup
	@sh packaging/docs.sh $(ARGS)

fuzz: setup
	@$(python) -m tests.fuzz $(ARGS)

drive: setup
	@$(python) -m pytest -m slow -k random -o faulthandler_timeout=0 \
		tests/gui/shell/test_monkey.py $(ARGS)

bench: setup
	@$(python) -m tests.benchmarks $(ARGS)

soak: setup
	@$(python) -m tests.benchmarks --soak $(ARGS)

screenshots: setup
	@$(python) packaging/screenshots.py $(ARGS)

film: setup
	@$(python) packaging/live_video.py $(ARGS)

gallery: setup
	@$(python) packaging/gallery.py $(ARGS)

lessons: setup
	@$(python) packaging/lesson_gallery.py $(ARGS)
	@$(python) packaging/style_strip.py

catalogue: setup
	@$(python) -m nnviz catalogue

translations: setup
	@$(python) -m tests.support.translations

peers: setup
	@sh packaging/peers.sh
