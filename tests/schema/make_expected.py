#!/usr/bin/env python3
"""tests/schema/make_expected.py [SEED [COUNT]] > tests/schema/expected.jsonl: what the Python package jsonschema says.

One line a schema: {"schema", "values", "valid": [true, false or null]}; null where it went round in circles. The unit test
schema_agrees_with_jsonschema holds us to it. Made with jsonschema 4.26.0; needs it installed, the tests do not.
"""
import json
import sys

from jsonschema import Draft202012Validator
from fixtures import pairs

sys.setrecursionlimit(3000)
seed, count = (int(a) for a in (sys.argv[1:] + ["1", "500"][len(sys.argv) - 1:]))
for schema, values in pairs(seed, count):
    validator, verdicts = Draft202012Validator(schema), []
    for value in values:
        try:
            verdicts.append(validator.is_valid(value))
        except RecursionError:
            verdicts.append(None)
    print(json.dumps({"schema": schema, "values": values, "valid": verdicts}, separators=(",", ":")))
