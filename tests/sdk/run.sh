#!/bin/sh
# The vendors' own Python clients against the simulator: what they accept is what we may call their wire format.
#   tests/sdk/run.sh [VENV]
# starts `assay sim` (ASSAY, else build/assay) unless ASSAY_SIM_URL names a simulator that was started with the book
# tests/sdk/book.jsonl, no latency and ASSAY_SIM_AWS_SECRET=not-a-secret. VENV (.venv unless given) holds what tests/requirements.txt lists.
set -eu
cd "$(dirname "$0")/../.."
venv=${1:-.venv}
sim= out=$(mktemp)
trap '[ -z "$sim" ] || kill "$sim"; rm -f "$out" "$out.xml"' EXIT
[ -x "$venv/bin/python" ] || { echo "run.sh: no Python at $venv; tools/setup.sh test makes .venv" >&2; exit 2; }
if [ -z "${ASSAY_SIM_URL:-}" ]; then
    ASSAY_SIM_AWS_SECRET=not-a-secret "${ASSAY:-build/assay}" sim --port 0 --speed 0 --book tests/sdk/book.jsonl >"$out" &
    sim=$!
    for _ in 1 2 3 4 5 6 7 8 9 10; do
        ASSAY_SIM_URL=$(sed -n 1p "$out"); [ -z "$ASSAY_SIM_URL" ] || break; sleep 0.2
    done
    export ASSAY_SIM_URL
fi
# pytest's own closing line has its own form; ours counts what its report says
NO_PROXY='*' PYTHONDONTWRITEBYTECODE=1 "$venv/bin/python" -m pytest -q -p no:cacheprovider --junitxml "$out.xml" tests/sdk || true
python3 - "$out.xml" <<'PY'
import sys
import xml.etree.ElementTree as tree
suites = list(tree.parse(sys.argv[1]).getroot().iter("testsuite"))
count = {k: sum(int(s.get(k, 0)) for s in suites) for k in ("tests", "failures", "errors", "skipped")}
failed = count["failures"] + count["errors"]
print("%d passed, %d failed, %d skipped" % (count["tests"] - failed - count["skipped"], failed, count["skipped"]))
sys.exit(1 if failed else 0)
PY
