#!/bin/sh
# Our JSONPath against the compliance suite of the JSONPath working group: its cts.json, as an npm package carries it,
# held in the build folder. Without npm, or without a network, it is skipped and says so; JSONPATH_CTS names a copy.
set -eu
cd "$(dirname "$0")/../.."
build=${ASSAY_BUILD:-build}
package=jsonpath-rfc9535@1.3.0
sum=sha512-3jFHya7oZ45aDxIIdx+/zQARahHXxFSMWBkcBUldfXpLS9VCXDJyTKt35kQfEXLqh0K3Ixw/9xFnvcDStaxh7Q==
inside=package/src/__tests__/jsonpath-compliance-test-suite/cts.json
cts=${JSONPATH_CTS:-$build/jsonpath-cts.json}

skip() { echo "skipped: $1"; echo "0 passed, 0 failed, 1 skipped"; exit 0; }

if [ ! -s "$cts" ]; then
    command -v npm >/dev/null 2>&1 || skip "npm is not here to get the compliance suite with"
    dir=$(mktemp -d)
    trap 'rm -rf "$dir"' EXIT
    timeout 60 npm pack --silent --pack-destination "$dir" "$package" >/dev/null 2>&1 || skip "npm could not get $package"
    got=sha512-$(python3 -c 'import base64, hashlib, sys
print(base64.b64encode(hashlib.sha512(open(sys.argv[1], "rb").read()).digest()).decode())' "$dir"/*.tgz)
    [ "$got" = "$sum" ] || { echo "$package is not the one we know: $got"; echo "0 passed, 1 failed"; exit 1; }
    tar -xzf "$dir"/*.tgz -C "$dir" "$inside"
    mv "$dir/$inside" "$cts"
fi
ninja -C "$build" --quiet test_base >/dev/null || { echo "test_base does not build"; echo "0 passed, 1 failed"; exit 1; }
JSONPATH_CTS=$(realpath "$cts") exec "$build/test_base" jsonpath_passes_the_compliance_suite
