# Thin front over CMake; see README.md.
JOBS ?= $(shell nproc)

.PHONY: all demo test bench format tidy clean

all:
	cmake --preset demo
	cmake --build --preset demo -j $(JOBS)

# Installs what is missing, builds, replays the shipped captures, shows the alerts.
demo:
	deploy/install-deps.sh build
	cmake --preset demo
	cmake --build --preset demo -j $(JOBS)
	deploy/demo.sh build/release/weir

# The same set-up, then all tests: unit, fuzz corpora, oracles, goldens, and end to end with a real Kafka broker.
test:
	deploy/install-deps.sh test
	cmake --preset release -D WEIR_TESTS=ON
	cmake --build --preset release -j $(JOBS)
	ctest --preset release -j $(JOBS)

# Prints the goals of docs/performance.md with the ratios that this machine gives.
bench:
	deploy/install-deps.sh ci
	cmake --preset bench
	cmake --build --preset bench -j $(JOBS)
	tests/bench/run.py build/bench --scale

format:
	git ls-files '*.cc' '*.h' | xargs clang-format -i

tidy:
	cmake --preset debug
	deploy/checks/tidy.sh

clean:
	rm -rf build
