#!/usr/bin/env bash
# Fuzzes each target for some seconds, from its corpus; new inputs go to a scratch folder.
#   tests/fuzz/run.sh BUILD_DIR [SECONDS]
set -euo pipefail
build=$1
seconds=${2:-5}
here=$(cd "$(dirname "$0")" && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export FUZZ_ARTIFACTS="$build/fuzz-artifacts"
mkdir -p "$FUZZ_ARTIFACTS"
count=0
for target in "$here"/*_fuzz.cc; do
  name=$(basename "$target" _fuzz.cc)
  mkdir -p "$scratch/$name"
  if ! "$build/tests/fuzz/fuzz_$name" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 \
    -artifact_prefix="$FUZZ_ARTIFACTS/$name-" "$scratch/$name" "$here/corpus/$name" >"$scratch/$name.log" 2>&1; then
    tail -n 60 "$scratch/$name.log"
    echo "fuzz_$name failed; the input is in $FUZZ_ARTIFACTS"
    exit 1
  fi
  printf 'fuzz_%-14s %s\n' "$name" "$(grep -oE 'Done [0-9]+ runs.*' "$scratch/$name.log" | tail -n 1)"
  count=$((count + 1))
done
echo "$count targets fuzzed for $seconds s each"
