#!/bin/sh
# The version, from git: a tag as it is, else the last release with the commit. A tree without git is what VERSION says.
#   version.sh                 prints it         version.sh --header FILE    writes it as C, when it has changed
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
base=$(cat "$here/VERSION")
commit=
# A tarball unpacked inside somebody else's clone must not take that clone's commit for its own.
[ -e "$here/.git" ] && commit=$(git -C "$here" rev-parse --short=10 HEAD 2>/dev/null || true)
if [ -z "$commit" ]; then v=$base
elif git -C "$here" describe --exact-match --tags --match "v$base" >/dev/null 2>&1; then v=$base
else v="$base+g$commit"; fi
if [ "${1:-}" = --header ]; then
    text="#define ASSAY_VERSION \"$v\""
    if [ ! -f "$2" ] || [ "$(cat "$2")" != "$text" ]; then echo "$text" > "$2"; fi
else echo "$v"; fi
