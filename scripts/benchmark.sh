#!/usr/bin/env bash
# Measures the rows of BENCHMARKS.md: our tools beside those that people use today, in turn and in one run.
#
# usage: scripts/benchmark.sh [01-bump | 02-changelog | 04-wheel-check | 05-index | 06-build | 07-upload]...
#
# The kit with the other tools stands beside this repository, or in $KIT; its 00-setup.sh installs them. Tables are
# printed, and kept in $BENCH_DIR/results.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
kit=${KIT:-$root/../shared/bench}
export BENCH_DIR=${BENCH_DIR:-${TMPDIR:-/tmp}/bench}
tools=$root/target/release
data=$BENCH_DIR/data

cargo build --quiet --release --manifest-path "$root/Cargo.toml" -p bump-version -p changelog -p build-wheels \
  -p validate -p distribute
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

# A project that has built the wheels of a folder, and its release document, for `distribute`.
release() { # NAME WHEELS TARGET
  [ -d "$2" ] || return
  "$root/scripts/benchmark_release.py" "$2" "$data/release-$1" "$tools/bump-version" "$3" >"$data/release-$1.json" 2>/dev/null
}

# Wheels, a list of them, and an index in a folder that has them and no page yet.
wheels() { # SIZE PROJECTS VERSIONS
  local folder=$data/index/$1
  [ -d "$folder" ] || python3 "$kit/lib/gen_wheels.py" tiny "$2" "$3" "$folder"
  [ -d "$folder-index" ] || python3 - "$folder" "$folder-index/simple" >"$folder.json" <<'P'
import hashlib, json, os, sys
wheels, index = sys.argv[1:]
for file in sorted(name for name in os.listdir(wheels) if name.endswith(".whl")):
    path = os.path.join(wheels, file)
    project = os.path.join(index, file.split("-")[0].replace("_", "-"))
    os.makedirs(project, exist_ok=True)
    os.link(path, os.path.join(project, file))
    digest = hashlib.sha256(open(path, "rb").read()).hexdigest()
    print(json.dumps({"filename": file, "hash": "sha256=" + digest, "requires_python": ">=3.9", "upload_timestamp": 1700000000}))
P
}

# Rows that the kit measures in turn: `row NAME PREPARE COMMAND`, then `table TITLE ROUNDS`.
row() {
  printf '%s\037%s\037%s\037%s\036\n' "$1" "$2" "$3" "find $out -name index.html | wc -l" >>"$cases"
}
table() {
  python3 "$kit/lib/measure.py" --cases "$cases" --title "$1" --runs "${RUNS:-$2}" --warmup "${WARMUP:-1}" \
    --limit "${LIMIT:-300}" --json "$BENCH_DIR/results/05-index.jsonl"
  : >"$cases"
}

index() { # SIZE PROJECTS
  local wheels=$data/index/$1 out=$BENCH_DIR/work-index-out list
  list="$BENCH_DIR/venv/pip/bin/python $kit/lib/simple_index.py $wheels.json $out"
  local dumb=$BENCH_DIR/venv/dumb-pypi/bin/dumb-pypi floor=$BENCH_DIR/bin/floor empty="rm -rf $out; mkdir -p $out"
  local kept=$BENCH_DIR/work-index-kept-$1 target=$'name = "bench"\nkind = "directory"\npath ='
  local new=$kept/simple/bench-lib-00000/bench_lib_00000-1.20.0-py3-none-any.whl
  local filled="rm -rf $out; cp -al $wheels-index $out" rebuild="$tools/distribute --rebuild-index --project"
  mkdir -p "$BENCH_DIR"/{work,log,results}
  release "index-$1" "$data/index/new" "$target \"$out\""
  release "kept-$1" "$data/index/new" "$target \"$kept\""
  local ours="$rebuild $data/release-index-$1"
  row "OURS" "$filled; $ours; find $out -name index.html -delete" "$ours"
  row "OURS, one new wheel" "[ -d $kept ] || cp -al $wheels-index $kept; rm -f $new*; $rebuild $data/release-kept-$1" \
    "$tools/distribute --project $data/release-kept-$1 <$data/release-kept-$1.json >/dev/null"
  row "python: 25 lines with html.escape" "$empty" "$list"
  row "dumb-pypi --no-per-release-json" "$empty" \
    "$dumb --no-per-release-json --package-list-json $wheels.json --packages-url ../../packages --output-dir $out"
  row "floor: write $2 pages of the same size" "$empty" "$floor emit $2 $((190 * $1 / $2)) $out"
  table "pages for $1 wheels whose digests are known" 3
  row "OURS" "$filled" "$ours"
  row "sha256sum of the files, then dumb-pypi --package-list" "$empty" "find $wheels -name '*.whl' -printf '%p\\n' |
    xargs sha256sum >$out.sums && ls $wheels >$out.names && $dumb --package-list $out.names --packages-url ../../packages --output-dir $out"
  row "floor: read every wheel, write the pages" "$empty" "find $wheels -name '*.whl' >$out.names
    $floor read @$out.names && $floor emit $2 $((190 * $1 / $2)) $out"
  table "pages for $1 wheels in a folder" 1
}

bump="$tools/bump-version minor 2>/dev/null | $tools/changelog >/dev/null 2>&1"
build="$tools/bump-version current 2>/dev/null | $tools/build-wheels >/dev/null 2>&1"
[ $# -gt 0 ] || set -- 01-bump 02-changelog 04-wheel-check 05-index 06-build 07-upload
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
    05-index)
      cases=$(mktemp)
      if [ ! -d "$data/index/new" ]; then
        python3 "$kit/lib/gen_wheels.py" tiny 1 21 "$data/index/new"
        find "$data/index/new" -name '*.whl' ! -name '*-1.20.0-*' -delete
      fi
      wheels 1000 100 10
      index 1000 100
      wheels 100000 5000 20
      index 100000 5000
      rm -f "$cases"
      ;;
    06-build)
      for backend in hatchling setuptools uv_build; do
        monorepo 2 "$backend"
      done
      OURS_BUILD=$build "$kit/06-build.sh"
      ;;
    07-upload)
      # The packages of each set are those of one release; the server is the kit's.
      upload="AWS_ENDPOINT_URL_S3=\$S3_ENDPOINT $tools/distribute --project $data/release-\$(basename \$PWD)"
      upload="$upload <$data/release-\$(basename \$PWD).json >/dev/null"
      [ -d "$data/up/big" ] || python3 "$kit/lib/gen_wheels.py" tiny 40 1 "$data/up/big" $((5 << 20))
      [ -d "$data/up/small" ] || python3 "$kit/lib/gen_wheels.py" tiny 1000 1 "$data/up/small" 19600
      for set in big small; do
        release "$set" "$data/up/$set" $'name = "bench"\nkind = "s3"\nbucket = "bench"'
      done
      OURS_UPLOAD=$upload OURS_UPLOAD_INDEX=$upload "$kit/07-upload.sh"
      ;;
    *)
      echo "no such workload: $workload" >&2
      exit 2
      ;;
  esac
done
