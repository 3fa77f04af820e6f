#!/usr/bin/env bash
# clang-tidy on what changed against a base (default: the commit before this one's parent line, else
# everything). Needs build/debug/compile_commands.json.
#   deploy/checks/tidy.sh [BASE|--all]
set -euo pipefail
cd "$(dirname "$0")/../.."
base=${1:-}
if [ "$base" = --all ] || { [ -z "$base" ] && ! git rev-parse -q --verify 'HEAD~1' >/dev/null; }; then
  files=$(git ls-files '*.cc')
else
  files=$(git diff --name-only --diff-filter=AM "${base:-HEAD~1}" -- '*.cc'; git ls-files -o --exclude-standard '*.cc')
fi
files=$(printf '%s\n' $files | grep -E '^(parsers|sensor|signatures)/' | sort -u || true)
[ -n "$files" ] || { echo "clang-tidy: nothing changed"; exit 0; }
printf '%s\n' $files | xargs -P "$(nproc)" -n 4 clang-tidy -p build/debug --quiet --extra-arg=-Wno-unknown-warning-option
echo "clang-tidy: clean"
