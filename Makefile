# Commands for people.  The build itself is CMake's: see CMakePresets.json.
#
# CC chooses the compiler, here and in all that is below: `make test CC=clang`.

REPO ?= .
PREFIX ?= /usr/local
JOBS ?= $(shell nproc)
# A test waits for the disk, or for RocksDB, half of its time.
TEST_JOBS ?= $(shell expr $(JOBS) \* 2)

# A compiler that was asked for gets a build folder of its own: build/dev-clang.
ifeq ($(origin CC),default)
suffix :=
else
export CC
suffix := -$(notdir $(firstword $(CC)))
endif

# $(call build,PRESET,FOLDER) and $(call test,FOLDER)
build = cmake --preset $(1) -B $(2) && cmake --build $(2) --parallel $(JOBS)
test = ctest --test-dir $(1) --output-on-failure --no-tests=error --parallel $(TEST_JOBS)

# What is to find more than the suite draws other numbers each time.
draw = VARVE_TEST_SEED=$${VARVE_TEST_SEED:-time}

.DEFAULT_GOAL := help

.PHONY: help
help:
	@echo 'make demo        build, import the history of a git repository (REPO=path), look at it'
	@echo 'make test        build and run the whole suite (CC=clang for the other compiler)'
	@echo 'make asan        the suite under the address and undefined-behaviour sanitizers'
	@echo 'make tsan        the suite under the thread sanitizer'
	@echo 'make valgrind    the C tests under valgrind, which also sees inside RocksDB'
	@echo 'make coverage    the suite, then the line coverage of each folder (at least 90%)'
	@echo 'make million     a million random operations on each backend, held against a model'
	@echo 'make million-stats  a million random writes on each backend, each followed by a recount'
	@echo 'make metamorphic    ten minutes of random histories, done to stores of many kinds'
	@echo 'make mutants     small faults in the source, each of which the tests have to notice'
	@echo 'make fuzz        each fuzz target for a minute'
	@echo 'make lint        the rules of the source tree'
	@echo 'make format      reformat the C files'
	@echo 'make bench       build and run the benchmarks for a minute; see docs/performance.md'
	@echo 'make garbage             measure the collection of much garbage'
	@echo 'make growth              measure what grows with a store, up to 10,000,000 keys'
	@echo 'make tuning              measure what options and ways of calling cost and gain'
	@echo 'make profile             say what the time of missed goals is made of (needs perf)'
	@echo 'make instructions        count the instructions of hot operations anew'
	@echo 'make instructions-check  the same, and say what differs from those that are kept'
	@echo 'make install     install a release below PREFIX (/usr/local)'
	@echo 'make clean       remove build/'

.PHONY: bootstrap
bootstrap:
	@./bootstrap

.PHONY: release
release: bootstrap
	cmake --preset release -B build/release$(suffix) -DVARVE_BUILD_TESTS=OFF
	cmake --build build/release$(suffix) --parallel $(JOBS)

.PHONY: demo
demo: release
	examples/demo/demo.sh build/release$(suffix)/bin/varve '$(REPO)'

.PHONY: test
test: bootstrap
	$(call build,dev,build/dev$(suffix))
	$(call test,build/dev$(suffix))

.PHONY: asan
asan: bootstrap
	$(call build,asan,build/asan$(suffix))
	$(call test,build/asan$(suffix))

.PHONY: tsan
tsan: bootstrap
	$(call build,tsan,build/tsan$(suffix))
	$(call test,build/tsan$(suffix))

.PHONY: valgrind
valgrind: bootstrap
	$(call build,valgrind,build/valgrind$(suffix))
	$(call test,build/valgrind$(suffix))

# Counts from earlier runs would hide what this one does not reach.
.PHONY: coverage
coverage: bootstrap
	$(call build,coverage,build/coverage)
	find build/coverage -name '*.gcda' -delete
	$(call test,build/coverage)
	python3 -B cmake/coverage.py build/coverage

# The suite does the same with 20,000.
.PHONY: million
million: bootstrap
	$(call build,dev,build/dev$(suffix))
	$(draw) VARVE_TEST_STEPS=1000000 build/dev$(suffix)/tests/engine_test_random

# The suite does the same with 50,000.
.PHONY: million-stats
million-stats: bootstrap
	$(call build,dev,build/dev$(suffix))
	$(draw) VARVE_TEST_STEPS=1000000 build/dev$(suffix)/tests/mvcc_test_stats_writes

# The suite does the same for some thousand deeds.
.PHONY: metamorphic
metamorphic: bootstrap
	$(call build,dev,build/dev$(suffix))
	VARVE_SOURCE_DIR=. $(draw) VARVE_TEST_SECONDS=600 build/dev$(suffix)/tests/metamorphic_test_metamorphic

# Each is a build and a run of a few tests, at most some minutes of it.
.PHONY: mutants
mutants: bootstrap
	python3 -B tests/mutants/mutants.py build/mutants

.PHONY: fuzz
fuzz: bootstrap
	$(call build,fuzz,build/fuzz)
	$(call test,build/fuzz) --verbose

.PHONY: lint
lint: bootstrap
	$(call build,dev,build/dev$(suffix))
	$(call test,build/dev$(suffix)) --label-regex '^lint$$'

.PHONY: format
format: bootstrap
	git ls-files --cached --others --exclude-standard '*.c' '*.h' | xargs clang-format -i

.PHONY: bench
bench: release
	build/release$(suffix)/bin/varve-bench --quick

instructions = python3 -B bench/instructions/instructions.py \
	$(1) build/release$(suffix)/bin/varve-instructions

.PHONY: instructions
instructions: release
	$(call instructions,--update)

.PHONY: instructions-check
instructions-check: release
	$(call instructions,--check)

.PHONY: garbage
garbage: bootstrap
	cmake --preset release -B build/release$(suffix) -DVARVE_BUILD_TESTS=ON
	cmake --build build/release$(suffix) --parallel $(JOBS) --target varve_tool tools_helper_garbage
	python3 -B bench/garbage.py build/release$(suffix)

# These write their tables into the documents.
.PHONY: growth
growth: release
	python3 -B bench/growth/growth.py build/release$(suffix)/bin/varve-growth --into docs/performance.md

.PHONY: profile
profile: release
	python3 -B bench/profile/profile.py build/release$(suffix)/bin/varve-bench \
		--library build/release$(suffix)/lib/libvarve.a --into docs/performance.md

# The same program with the shared library says what linking RocksDB statically gains.
.PHONY: tuning
tuning: release
	cmake --preset release -B build/release-shared$(suffix) -DVARVE_BUILD_TESTS=OFF -DVARVE_STATIC_ROCKSDB=OFF
	cmake --build build/release-shared$(suffix) --parallel $(JOBS) --target varve_tuning
	python3 -B bench/tuning/tuning.py build/release$(suffix)/bin/varve-tuning \
		--shared build/release-shared$(suffix)/bin/varve-tuning --into docs/tuning.md

.PHONY: install
install: release
	cmake --install build/release$(suffix) --prefix '$(PREFIX)'

.PHONY: clean
clean:
	rm -rf build
