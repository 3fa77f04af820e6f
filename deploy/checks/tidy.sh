#!/usr/bin/env bash
# clang-tidy on what changed, uncommitted work included. Needs build/debug/compile_commands.json.
#   deploy/checks/tidy.sh           since the branch left main; on main itself, since the last commit's parent
#   deploy/checks/tidy.sh BASE      since that commit
#   deploy/checks/tidy.sh --all     everything (long)
#   deploy/checks/tidy.sh FILE.cc … these files
# For a header that changed, the source file of the same name is looked at. WEIR_TIDY_JOBS sets how many run at once.
set -euo pipefail
cd "$(dirname "$0")/../.."
[ -f build/debug/compile_commands.json ] || { echo "clang-tidy: run cmake --preset debug first" >&2; exit 2; }

default_base() {
  local base
  for main in origin/main main; do
    base=$(git merge-base HEAD "$main" 2>/dev/null) || continue
    [ "$base" = "$(git rev-parse HEAD)" ] || { echo "$base"; return; }
  done
  git rev-parse -q --verify 'HEAD~1' || true
}

case "${1:-}" in
  --all) files=$(git ls-files -co --exclude-standard '*.cc') ;;
  *.cc) files=$(printf '%s\n' "$@") ;;
  *)
    base=${1:-$(default_base)}
    if [ -z "$base" ]; then
      files=$(git ls-files -co --exclude-standard '*.cc')
    else
      changed=$(git diff --name-only --diff-filter=ACMR "$base" -- '*.cc' '*.h'; git ls-files -o --exclude-standard '*.cc' '*.h')
      files=$(printf '%s\n' $changed | sed 's/\.h$/.cc/')
    fi
    ;;
esac
files=$(printf '%s\n' $files | { grep -E '^(parsers|sensor|signatures)/.*\.cc$' || true; } | sort -u |
  while read -r file; do [ ! -f "$file" ] || echo "$file"; done)
[ -n "$files" ] || { echo "clang-tidy: nothing changed"; exit 0; }
# One file a process: the check of the next file begins as soon as one ends, and its faults show at once.
printf '%s\n' $files | xargs -P "${WEIR_TIDY_JOBS:-$(nproc)}" -n 1 \
  clang-tidy -p build/debug --quiet --extra-arg=-Wno-unknown-warning-option
echo "clang-tidy: $(printf '%s\n' $files | wc -l) files, clean"
