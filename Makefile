# The commands people type; the build itself is meson.build. `make` builds, `make help` lists.
PREFIX ?= /usr/local
FUZZ_SECONDS ?= 10
LLVM ?= 14
CC := $(if $(filter default,$(origin CC)),gcc,$(CC))
CONFIGURE = CC=$(CC) tools/build.sh build -Dprefix=$(abspath $(PREFIX))
export LLVM

.DEFAULT_GOAL := build
.PHONY: build setup demo test bench lint format asan tsan coverage fuzz install clean help

build:          ## build ./build/assay
	@$(CONFIGURE)
	@ninja -C build --quiet
setup:          ## install what building and testing need (Debian, Ubuntu)
	@tools/setup.sh test
demo:           ## install what is needed, build, compare models on the example tickets
	@tools/setup.sh build
	@$(MAKE) --no-print-directory build
	@rm -rf build/demo-home
	@ASSAY_HOME=build/demo-home build/assay run examples/support-tickets/task.yaml
test:           ## install what is needed, build, run every test
	@tools/setup.sh test
	@$(CONFIGURE)
	@tests/run --build build
bench:          ## measure against promptfoo and Inspect AI, side by side (BENCH="--pairs 1": options of bench/run)
	@tools/setup.sh bench
	@$(MAKE) --no-print-directory build
	@bench/run $(BENCH)
lint:           ## format, forbidden things, warnings of gcc and clang
	@tools/setup.sh lint
	@tests/lint
format:         ## put every C file into the house's format
	@tools/setup.sh lint
	@tools/format.py
asan:           ## unit tests under the address and undefined-behaviour sanitizers
	@tools/setup.sh lint
	@CC=clang-$(LLVM) tools/build.sh build-asan -Db_sanitize=address,undefined -Db_lundef=false
	@tests/run --build build-asan --unit
tsan:           ## unit tests under the thread sanitizer
	@tools/setup.sh lint
	@CC=clang-$(LLVM) tools/build.sh build-tsan -Db_sanitize=thread -Db_lundef=false
	@tests/run --build build-tsan --unit
coverage:       ## how much of each file the unit tests reach
	@tools/setup.sh coverage
	@CC=gcc tools/build.sh build-coverage -Db_coverage=true -Dbuildtype=debug
	@tests/run --build build-coverage --unit
	@gcovr --root . --object-directory build-coverage --filter src/ --exclude '.*_test\.c' --print-summary
fuzz:           ## run each fuzz target for FUZZ_SECONDS over its corpus
	@tools/setup.sh lint
	@CC=clang-$(LLVM) tools/build.sh build-fuzz -Dfuzz=true -Db_sanitize=address,undefined -Db_lundef=false
	@tests/fuzz/run build-fuzz $(FUZZ_SECONDS)
install: build  ## install below PREFIX (/usr/local), staged below DESTDIR
	@DESTDIR=$(DESTDIR) meson install -C build --quiet
clean:          ## remove what was built (.venv stays)
	@rm -rf build build-*
help:           ## this list
	@sed -n 's/^\([a-z]*\):[^#]*## /\1\t/p' Makefile | expand -t 12
