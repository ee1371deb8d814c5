#!/bin/sh
# The vendors' own Python clients against the simulator: what they accept is what we may call their wire format.
#   ASSAY_SIM_URL=http://127.0.0.1:8080 tests/sdk/run.sh [VENV]
# wants a simulator that was started with the book tests/sdk/book.jsonl and no latency. VENV (.venv/sdk unless given)
# is made when it is not there.
set -eu
cd "$(dirname "$0")/../.."
venv=${1:-.venv/sdk}
if [ -z "${ASSAY_SIM_URL:-}" ]; then
    echo "run.sh: ASSAY_SIM_URL is not set: the address of a simulator with the book tests/sdk/book.jsonl" >&2
    exit 2
fi
if ! cmp -s tests/sdk/requirements.txt "$venv/requirements.done"; then
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check -r tests/sdk/requirements.txt
    cp tests/sdk/requirements.txt "$venv/requirements.done"
fi
NO_PROXY='*' PYTHONDONTWRITEBYTECODE=1 exec "$venv/bin/python" -m pytest -q -p no:cacheprovider tests/sdk
