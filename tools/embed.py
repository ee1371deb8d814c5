#!/usr/bin/env python3
"""embed.py OUT.c OUT.h FILE...: makes each file's bytes a `const struct embedded` named after its path.

data/prices.yaml becomes embedded_data_prices_yaml; embedded_files lists them all, sorted by path.
"""
import os
import re
import sys

out_c, out_h, files = sys.argv[1], sys.argv[2], sorted(sys.argv[3:])
marks = ("/data/", "/src/store/migrations/", "/src/eval/drivers/", "/src/eval/report/html/", "/web/")


def relative(path):
    path = os.path.abspath(path)
    for mark in marks:
        at = path.rfind(mark)
        if at >= 0:
            return path[at + 1:]
    return os.path.basename(path)


with open(out_h, "w") as h:
    h.write('/* made by tools/embed.py */\n#pragma once\n#include "base/base.h"\n'
            "struct embedded { const char *path; struct str bytes; };\n"
            "extern const struct embedded embedded_files[];\nextern const size_t embedded_file_count;\n")
    for f in files:
        h.write("extern const struct embedded embedded_%s;\n" % re.sub(r"\W", "_", relative(f)))
with open(out_c, "w") as c:
    c.write('/* made by tools/embed.py */\n#include "embedded.h"\n')
    table = []
    for n, f in enumerate(files):
        data = open(f, "rb").read()
        name = re.sub(r"\W", "_", relative(f))
        c.write("static const unsigned char bytes_%d[] = {" % n)
        for i in range(0, len(data), 20):
            c.write("\n " + ",".join(str(b) for b in data[i:i + 20]) + ",")
        c.write("0};\nconst struct embedded embedded_%s = { \"%s\", { (const char *)bytes_%d, %d } };\n"
                % (name, relative(f), n, len(data)))
        table.append('{ "%s", { (const char *)bytes_%d, %d } },' % (relative(f), n, len(data)))
    c.write("const struct embedded embedded_files[] = { %s { NULL, { NULL, 0 } } };\n" % " ".join(table))
    c.write("const size_t embedded_file_count = %d;\n" % len(files))
