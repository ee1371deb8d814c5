#!/bin/sh
# tools/build.sh DIR [meson option...]: a configured build folder. Configures it when it is new, when the options
# changed, or when a source file came or went (meson.build asks tools/sources.sh only then). Says nothing otherwise.
set -eu
cd "$(dirname "$0")/.."
dir=$1; shift
now=$(echo "$@"; sh tools/sources.sh all)
if [ ! -f "$dir/build.ninja" ]; then
    rm -rf "$dir"
    meson setup "$dir" "$@" >/dev/null || { meson setup "$dir" "$@"; exit 1; }
elif [ ! -f "$dir/.sources" ] || [ "$now" != "$(cat "$dir/.sources")" ]; then
    meson setup --reconfigure "$dir" "$@" >/dev/null || { meson setup --reconfigure "$dir" "$@"; exit 1; }
else
    exit 0
fi
echo "$now" > "$dir/.sources"
