#!/usr/bin/env python3
"""Writes unicode_table.h: what src/template/unicode.c knows of letters, from this Python's own Unicode data.

Run by hand when a newer Unicode is wanted: python3 src/template/unicode_make.py > src/template/unicode_table.h
"""
import sys
import unicodedata

ALL = [chr(c) for c in range(0x110000) if not 0xD800 <= c <= 0xDFFF]


def ranges(test):
    out, start, last = [], None, None
    for c in ALL:
        o = ord(c)
        if test(c):
            if start is None:
                start = o
            last = o
        elif start is not None:
            out.append((start, last))
            start = None
    if start is not None:
        out.append((start, last))
    return out


def case_runs(fn):
    """Runs (first, last, stride, delta) of one-to-one mappings."""
    pairs = [(ord(c), ord(fn(c)) - ord(c)) for c in ALL if len(fn(c)) == 1 and fn(c) != c]
    runs, i = [], 0
    while i < len(pairs):
        first, delta = pairs[i]
        best = None
        for stride in (1, 2):
            j = i
            while j + 1 < len(pairs) and pairs[j + 1] == (pairs[j][0] + stride, delta):
                j += 1
            if best is None or j > best[1]:
                best = (stride, j)
        runs.append((first, pairs[best[1]][0], best[0], delta))
        i = best[1] + 1
    return runs


def rows(name, kind, items, fmt, per_line):
    print(f"static const struct {kind} {name}[] = {{")
    for i in range(0, len(items), per_line):
        print("    " + " ".join(fmt(x) + "," for x in items[i:i + per_line]))
    print("};\n")


def main():
    print("/* src/template/unicode_table.h: written by unicode_make.py from Unicode "
          + unicodedata.unidata_version + "; don't edit. */")
    print("#pragma once\n")

    def pair(r):
        return f"{{0x{r[0]:x},0x{r[1]:x}}}"

    rows("unicode_alpha", "unicode_range", ranges(str.isalpha), pair, 7)
    rows("unicode_word", "unicode_range", ranges(lambda c: c.isalnum() or c == "_"), pair, 7)
    rows("unicode_digit", "unicode_range", ranges(str.isdigit), pair, 7)
    rows("unicode_decimal", "unicode_range", ranges(str.isdecimal), pair, 7)
    rows("unicode_numeric", "unicode_range", ranges(str.isnumeric), pair, 7)
    rows("unicode_hidden", "unicode_range", ranges(lambda c: not c.isprintable()), pair, 7)

    def run(r):
        return f"{{0x{r[0]:x},0x{r[1]:x},{r[2]},{r[3]}}}"

    rows("unicode_lower_runs", "unicode_run", case_runs(str.lower), run, 5)
    rows("unicode_upper_runs", "unicode_run", case_runs(str.upper), run, 5)
    title = [(ord(c), ord(c.title())) for c in ALL
             if len(c.title()) == 1 and c.title() != (c.upper() if len(c.upper()) == 1 else c)]
    rows("unicode_title_pairs", "unicode_range", title, pair, 7)

    def special(r):
        return "{0x%x,{%s}}" % (ord(r[0]), ",".join("0x%x" % ord(x) for x in r[1]))

    for name, fn in (("lower", str.lower), ("upper", str.upper), ("title", str.title)):
        rows(f"unicode_{name}_special", "unicode_special", [(c, fn(c)) for c in ALL if len(fn(c)) > 1], special, 4)


if __name__ == "__main__":
    sys.exit(main())
