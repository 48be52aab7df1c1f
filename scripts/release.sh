#!/usr/bin/env bash
# Releases the project in the current folder by the tools alone, one pipe long. Needs the tools on PATH.
#   release.sh LEVEL|VERSION [TARGET…]
# The document after each tool is kept in dist/documents, which is what the orchestrator keeps in the git directory;
# those of an earlier run, by which that release can be taken back, are moved aside.
# A failed tool writes nothing, so every tool after it ends with code 3 and does nothing.
set -euo pipefail

request=${1:?usage: release.sh LEVEL|VERSION [TARGET...]}
shift
to=()
for target in "$@"; do to+=(--to "$target"); done

documents=dist/documents
if [ -e "$documents/01-bump-version.json" ]; then
  aside=$(mktemp -d "$documents.$(date -u +%Y-%m-%d).XXXXXX")
  mv "$documents"/* "$aside"
fi
mkdir -p "$documents"
keep() { tee "$documents/$1.json"; }

bump-version "$request" | keep 01-bump-version |
  changelog | keep 02-changelog |
  commit-release | keep 03-commit-release |
  build-wheels | keep 04-build-wheels |
  validate | keep 05-validate |
  checksum | keep 06-checksum |
  sign | keep 07-sign |
  distribute --check "${to[@]}" |
  tag-release | keep 08-tag-release |
  distribute "${to[@]}" | keep 09-distribute |
  announce | keep 10-announce
