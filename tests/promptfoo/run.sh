#!/bin/sh
# promptfoo's verdicts and ours on the same tests: tests/promptfoo/agree.py runs both on every configuration in fixtures/,
# against one simulator. promptfoo comes from npm into the build folder, its telemetry and its look for updates off;
# without npm, or without a network, this is skipped and says so. PROMPTFOO names a program that is there already.
set -eu
cd "$(dirname "$0")/../.."
build=${ASSAY_BUILD:-build}
assay=$(realpath "${ASSAY:-$build/assay}")
package=promptfoo@0.121.20
library=@libsql/linux-$(uname -m | sed 's/x86_64/x64/; s/aarch64/arm64/')-gnu@0.5.29
promptfoo=${PROMPTFOO:-$build/promptfoo/node_modules/.bin/promptfoo}
sim= out=$(mktemp)
trap '[ -z "$sim" ] || kill "$sim"; rm -f "$out"' EXIT

skip() { echo "skipped: $1"; echo "0 passed, 0 failed, 1 skipped"; exit 0; }

python3 tests/promptfoo/table.py && python3 tests/promptfoo/graded.py "$assay" || { echo "0 passed, 1 failed"; exit 1; }
if [ ! -x "$promptfoo" ]; then
    command -v npm >/dev/null 2>&1 || skip "npm is not here to get $package with"
    mkdir -p "$build/promptfoo"
    timeout 300 npm install --silent --prefix "$build/promptfoo" --ignore-scripts --omit=optional --no-audit --no-fund \
        "$package" "$library" >/dev/null 2>&1 || skip "npm could not get $package"
fi
promptfoo=$(realpath "$promptfoo")
PROMPTFOO_DISABLE_TELEMETRY=1 PROMPTFOO_DISABLE_UPDATE=1 timeout 60 "$promptfoo" --version >/dev/null 2>&1 || skip "$package does not start with this node"
"$assay" sim --port 0 --speed 0 >"$out" &
sim=$!
for _ in 1 2 3 4 5 6 7 8 9 10; do
    url=$(sed -n 1p "$out"); [ -z "$url" ] || break; sleep 0.2
done
python3 tests/promptfoo/agree.py "$assay" "$promptfoo" "$url"
