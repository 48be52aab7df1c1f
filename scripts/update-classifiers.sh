#!/usr/bin/env bash
# Writes the list of classifiers anew from the package trove-classifiers, which the index itself reads them from.
#
# usage: scripts/update-classifiers.sh [VERSION]
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m pip install --quiet --disable-pip-version-check --target "$folder" "trove-classifiers${1:+==$1}"
PYTHONPATH=$folder python3 - > "$folder/classifiers.txt" <<'PYTHON'
from importlib.metadata import version
from trove_classifiers import deprecated_classifiers, sorted_classifiers

print("# trove-classifiers", version("trove-classifiers"))
replaced = {name: " | ".join(others) for name, others in deprecated_classifiers.items()}
for name in sorted({*sorted_classifiers, *replaced}):
    print(f"{name} => {replaced[name]}".rstrip() if name in replaced else name)
PYTHON
mv "$folder/classifiers.txt" "$root/tools/lib/distribution/src/metadata/classifiers.txt"
