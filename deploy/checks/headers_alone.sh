#!/usr/bin/env bash
# Every header compiles alone, with the warnings of the build.
set -euo pipefail
cd "$(dirname "$0")/../.."
includes=$(pkg-config --cflags-only-I rdkafka libpcap libhs yaml-cpp libsodium libpcre2-8 | sed 's/-I/-isystem /g')
check() {
  echo "#include \"$1\"" | "${CXX:-g++}" -std=c++20 -march=x86-64-v2 -Wall -Wextra -Wpedantic -Wconversion -Wshadow \
    -Werror -fsyntax-only -DWEIR_SOURCE_DIR='"."' -I. $2 -x c++ - || { echo "$1 does not compile alone"; return 1; }
}
export -f check
git ls-files -co --exclude-standard 'parsers/*.h' 'signatures/*.h' 'sensor/*.h' 'tests/*.h' |
  xargs -P "$(nproc)" -I{} bash -c 'check "$@"' _ {} "$includes"
echo "every header compiles alone"
