# SPDX-License-Identifier: Apache-2.0
# A thin front of meson; `make help` lists the targets. The work is done by meson.build and scripts/.

BUILD = build
PREFIX ?= /usr/local
DESTDIR ?=
# clang has the fuzzer, and its sanitizers tell more than those of gcc.
CLANG = clang++-14
FUZZ_SECONDS = 60
# What `make demo` is about: sqlite, lapp (PostgreSQL) or lamp (MariaDB).
SOFTWARE = sqlite
# More arguments for tests/bench/bench.py.
BENCH =
# How many takeovers `make bench-takeover` makes, and how large the database is.
RUNS = 20 70
# How large the dump of `make bench-hops` is, and how often it changes.
HOPS = 1000000000 3

# A sanitizer's exit status must not look like one of ours: meson calls 99 an error.
SANITIZERS = ASAN_OPTIONS=exitcode=99 TSAN_OPTIONS=exitcode=99:suppressions=$(CURDIR)/tests/tsan.supp \
	UBSAN_OPTIONS=exitcode=99:halt_on_error=1:print_stacktrace=1 RS_TIMEOUT_MULTIPLIER=10
SANITIZED = --buildtype=debugoptimized -Db_lundef=false
LIBRARIES = $$(pkg-config --cflags --libs libxxhash libzstd libarchive libcrypto expat libpcre2-8)
VERSION = $$(sed -n "s/^ *version: '\(.*\)',.*/\1/p" meson.build)

all: $(BUILD)/build.ninja ## build everything (the default)
	ninja -C $(BUILD)

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1\t\2/p' Makefile | expand -t 14

deps: ## install what building and testing need (Debian, root or sudo)
	@scripts/deps build demo-sqlite test

demo: ## the whole life of a service on this machine; SOFTWARE=lapp or lamp
	@scripts/deps --check build demo-$(SOFTWARE) || scripts/deps build demo-$(SOFTWARE)
	@$(MAKE) --no-print-directory all
	scripts/demo $(BUILD) $(SOFTWARE)

demo-data: ## streams and stores, looked at closely
	@scripts/deps --check build demo-sqlite || scripts/deps build demo-sqlite
	@$(MAKE) --no-print-directory all
	scripts/demo-data $(BUILD)

check: ## every test; ends with `N passed, N failed, N skipped`
	@scripts/deps --check build test || scripts/deps build test
	@scripts/run-checks $(BUILD)

check-unit: all ## the unit tests only
	@scripts/run-checks $(BUILD) unit

check-cli: all ## the tests of the tools in real pipes only
	@scripts/run-checks $(BUILD) cli

check-faults: all ## the full forms of the fault tests; takes hours
	@scripts/check-faults $(BUILD)

check-asan: build-asan/build.ninja ## unit and cli tests under ASan and UBSan
	ninja -C build-asan
	@$(SANITIZERS) scripts/run-checks build-asan unit cli

check-tsan: build-tsan/build.ninja ## unit and cli tests under TSan
	ninja -C build-tsan
	@$(SANITIZERS) scripts/run-checks build-tsan unit cli

check-clang: build-clang/build.ninja ## builds with clang without a warning
	ninja -C build-clang

check-layers: ## the arrows between the folders of lib/ go downwards only
	@scripts/check-layers

check-man: all ## lint the pages; the options in --help are those of the page
	@scripts/check-man $(BUILD)

check-sh: ## shellcheck over every script
	@scripts/check-sh

bench: all ## compare speed and size with the peers that are installed; BENCH=--quick
	ninja -C $(BUILD) tests/bench/bench-workload tests/bench/bench-chunks
	python3 tests/bench/bench.py --build $(BUILD) $(BENCH)

bench-hops: all ## a dump over two hops between machines, beside rsync (root); HOPS="BYTES ROUNDS"
	ninja -C $(BUILD) tests/bench/bench-workload
	tests/bench/hops $(BUILD) $(HOPS)

bench-takeover: all ## how long nobody can write while PostgreSQL is taken over (root); RUNS="COUNT SCALE"
	tests/bench/takeover $(BUILD) $(RUNS)

bench-deps: ## install those peers
	@scripts/deps --check bench || scripts/deps bench

fuzz: build-fuzz/build.ninja ## each fuzz target for FUZZ_SECONDS (60)
	ninja -C build-fuzz librs.a
	@set -e; for source in tests/fuzz/*_fuzz.cpp; do \
		name=$$(basename -- "$$source" .cpp); seeds=tests/fuzz/corpus/$$name; \
		test -d "$$seeds" || seeds=; \
		printf '== %s\n' "$$name"; mkdir -p -- "build-fuzz/corpus/$$name"; \
		$(CLANG) -std=c++20 -g -O1 -fsanitize=fuzzer,address,undefined -D_GNU_SOURCE -Ilib \
			"$$source" build-fuzz/librs.a $(LIBRARIES) -pthread -o "build-fuzz/$$name"; \
		$(SANITIZERS) "build-fuzz/$$name" -max_total_time=$(FUZZ_SECONDS) -verbosity=0 \
			-artifact_prefix="build-fuzz/$$name-" "build-fuzz/corpus/$$name" $$seeds; \
	done

install: all ## install below PREFIX (/usr/local), staged in DESTDIR if that is set
	meson configure $(BUILD) -Dprefix='$(PREFIX)'
	DESTDIR='$(abspath $(DESTDIR))' meson install -C $(BUILD)

format: ## lay out the C++ files by .clang-format
	@scripts/format

dist: ## a tarball of the last commit; refuses a tree with changes
	@changes=$$(git status --porcelain) && { test -z "$$changes" || \
		{ printf '%s\n%s\n' 'make dist: error: not committed:' "$$changes" >&2; exit 1; }; }
	@name=resilient-stack-$(VERSION) && \
		git archive --prefix="$$name/" -o "$$name.tar.gz" HEAD && printf '%s\n' "$$name.tar.gz"

clean: ## remove everything that was built
	rm -rf $(BUILD) build-asan build-tsan build-clang build-fuzz

$(BUILD)/build.ninja:
	meson setup $(BUILD) --prefix='$(PREFIX)'

build-asan/build.ninja:
	CXX=$(CLANG) meson setup build-asan $(SANITIZED) -Db_sanitize=address,undefined

build-tsan/build.ninja:
	CXX=$(CLANG) meson setup build-tsan $(SANITIZED) -Db_sanitize=thread

build-clang/build.ninja:
	CXX=$(CLANG) meson setup build-clang -Dwerror=true

build-fuzz/build.ninja:
	CXX=$(CLANG) meson setup build-fuzz $(SANITIZED) -Db_sanitize=address,undefined \
		-Dcpp_args=-fsanitize=fuzzer-no-link

.PHONY: all help deps demo demo-data check check-unit check-cli check-faults check-asan check-tsan check-clang \
	check-layers check-man check-sh bench bench-hops bench-takeover bench-deps fuzz install format dist clean
