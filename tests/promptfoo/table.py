"""The table of assertions in docs/compat.md is that of src/eval/promptfoo/kinds.c; --write puts it there."""
import os
import re
import sys

root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
page = os.path.join(root, "docs", "compat.md")
words = {"SAME": "judged, with promptfoo's verdict", "OWN": "judged by rules of our own: may differ at the edges",
         "MODEL": "needs a model: not evaluated", "SANDBOX": "code, run in the sandbox, with promptfoo's verdict",
         "ELSEWHERE": "needs what is not here: not evaluated"}
with open(os.path.join(root, "src", "eval", "promptfoo", "kinds.c")) as f:
    kinds = re.findall(r'^    X\("([^"]+)", ([A-Z]+),', f.read(), re.M)
rows = []
for level, word in words.items():
    names = [n for n, s in kinds if s == level]
    rows.append("| %s (%d) | %s |" % (word, len(names), ", ".join("`%s`" % n for n in names)))
with open(page) as f:
    text = f.read()
found = re.search(r"(\| what becomes of it .*\n\| --- \| --- \|\n)((?:\|.*\n|TABLE\n)+)", text)
wanted = "\n".join(rows) + "\n"
if "--write" in sys.argv:
    with open(page, "w") as f:
        f.write(text[:found.start(2)] + wanted + text[found.end(2):])
elif found.group(2) != wanted:
    sys.exit("docs/compat.md has another table than kinds.c; tests/promptfoo/table.py --write makes it")
