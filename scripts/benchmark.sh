#!/usr/bin/env bash
# Measures the rows of BENCHMARKS.md: our tools beside those that people use today, in turn and in one run.
#
# usage: scripts/benchmark.sh [01-bump | 02-changelog | 04-wheel-check | 06-build]...
#
# The kit with the other tools stands beside this repository, or in $KIT; its 00-setup.sh installs them. Tables are
# printed, and kept in $BENCH_DIR/results.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
kit=${KIT:-$root/../shared/bench}
export BENCH_DIR=${BENCH_DIR:-${TMPDIR:-/tmp}/bench}
tools=$root/target/release
data=$BENCH_DIR/data

cargo build --quiet --release --manifest-path "$root/Cargo.toml" -p bump-version -p changelog -p build-wheels -p validate
mkdir -p "$data"

# The settings are those that we find in the project ourselves.
monorepo() {
  local folder=$data/mono-$1${2:+-$2}
  [ -d "$folder/.git" ] || python3 "$kit/lib/gen_monorepo.py" "$1" "$folder" "${2:-hatchling}"
  if [ ! -f "$folder/release.toml" ]; then
    "$tools/bump-version" --init --project "$folder" 2>/dev/null
    git -C "$folder" add release.toml
    git -C "$folder" -c user.name=bench -c user.email=bench@example.invalid commit -qm 'chore: settings'
  fi
}

history() {
  [ -d "$data/hist-$1/.git" ] && return
  git init -q "$data/hist-$1"
  python3 "$kit/lib/gen_history.py" "$2" "$3" | git -C "$data/hist-$1" fast-import --quiet
  git -C "$data/hist-$1" gc -q
  git -C "$data/hist-$1" remote add origin https://github.com/bench/bench.git
}

bump="$tools/bump-version minor 2>/dev/null | $tools/changelog >/dev/null 2>&1"
build="$tools/bump-version current 2>/dev/null | $tools/build-wheels >/dev/null 2>&1"
[ $# -gt 0 ] || set -- 01-bump 02-changelog 04-wheel-check 06-build
for workload in "$@"; do
  case $workload in
    01-bump)
      monorepo 2
      monorepo 200
      OURS_BUMP=$bump "$kit/01-bump.sh"
      ;;
    02-changelog)
      history s515 515 10
      history s1905 1905 30
      HISTORIES=${HISTORIES:-s515 s1905 synth} OURS_NEXT="$tools/changelog --unreleased" \
        OURS_FULL="$tools/changelog --all" "$kit/02-changelog.sh"
      ;;
    04-wheel-check)
      # The kit puts the list of wheels into $BENCH_LIST.
      SETS=${SETS:-a b c} OURS_CHECK="xargs $tools/validate --quick <\$BENCH_LIST" \
        OURS_RECORD="xargs $tools/validate <\$BENCH_LIST" "$kit/04-wheel-check.sh"
      ;;
    06-build)
      for backend in hatchling setuptools uv_build; do
        monorepo 2 "$backend"
      done
      OURS_BUILD=$build "$kit/06-build.sh"
      ;;
    *)
      echo "no such workload: $workload" >&2
      exit 2
      ;;
  esac
done
