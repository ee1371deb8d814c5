#!/bin/sh
# The version, from git: a tag as it is, else the last release with the commit. A tree without git is what VERSION says.
set -eu
cd "$(dirname "$0")/.."
base=$(cat VERSION)
commit=$(git rev-parse --short=10 HEAD 2>/dev/null || true)
if [ -z "$commit" ]; then v=$base
elif git describe --exact-match --tags --match "v$base" >/dev/null 2>&1; then v=$base
else v="$base+g$commit"; fi
if [ "${1:-}" = --header ]; then
    text="#define ASSAY_VERSION \"$v\""
    [ -f "$2" ] && [ "$(cat "$2")" = "$text" ] || echo "$text" > "$2"
else echo "$v"; fi
