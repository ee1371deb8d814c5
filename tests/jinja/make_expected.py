#!/usr/bin/env python3
"""Writes expected.jsonl: what the real Jinja2 makes of each case in cases.jsonl.

    python3 -m venv /tmp/jinja && /tmp/jinja/bin/pip install 'jinja2==3.1.*'
    /tmp/jinja/bin/python tests/jinja/make_expected.py            # writes; with --check only compares

A case is {"name", "template", "vars", "files"?, "options"?}. Its expectation is the case with "output", or with "error"
(the class of the exception). Undefined is strict, everything else is Jinja2's default Environment.
"""
import json
import pathlib
import sys

import jinja2

HERE = pathlib.Path(__file__).parent


def render(case):
    env = jinja2.Environment(undefined=jinja2.StrictUndefined, loader=jinja2.DictLoader(case.get("files") or {}),
                             **(case.get("options") or {}))
    return env.from_string(case["template"]).render(case.get("vars") or {})


def expect(case):
    try:
        return {**case, "output": render(case)}
    except RecursionError:
        return {**case, "error": "RecursionError"}
    except Exception as e:                      # any failure is an expectation too
        return {**case, "error": type(e).__name__}


def main():
    if not jinja2.__version__.startswith("3.1."):
        sys.exit(f"Jinja2 3.1 is needed, this is {jinja2.__version__}")
    cases = [json.loads(line) for line in (HERE / "cases.jsonl").read_text().splitlines()]
    names = [c["name"] for c in cases]
    if len(set(names)) != len(names):
        sys.exit("two cases have the same name: " + next(n for n in names if names.count(n) > 1))
    text = "".join(json.dumps(expect(c), ensure_ascii=False) + "\n" for c in cases)
    path = HERE / "expected.jsonl"
    if "--check" in sys.argv:
        if path.read_text() != text:
            sys.exit("expected.jsonl is not what this Jinja2 makes of cases.jsonl; run make_expected.py")
        print(f"{len(cases)} expectations are current (Jinja2 {jinja2.__version__})")
        return
    path.write_text(text)
    print(f"{len(cases)} cases, {sum('error' in json.loads(x) for x in text.splitlines())} of them errors")


if __name__ == "__main__":
    main()
