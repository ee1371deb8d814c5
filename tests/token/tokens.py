"""tests/token: our tokenizers beside tiktoken, id by id. Prints the fixtures of each kind and the largest deviation."""
import itertools
import json
import os
import random
import subprocess
import sys
import tempfile

import tiktoken
import tiktoken_ext.openai_public as published

from corpus import TEXTS

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
ASSAY = os.environ.get("ASSAY", os.path.join(ROOT, "build", "assay"))
NAMES = ("cl100k_base", "o200k_base")
passed = failed = 0


def vocabulary(name):
    """tiktoken's own encoding, with the vocabulary file that assay was built from (tiktoken checks nothing but its hash)."""
    import base64
    ranks = {}
    with open(os.path.join(ROOT, ".vocab", name + ".tiktoken"), "rb") as f:
        for line in f.read().splitlines():
            token, rank = line.split()
            ranks[base64.b64decode(token)] = int(rank)
    published.load_tiktoken_bpe = lambda url, expected_hash=None: ranks
    return tiktoken.Encoding(**getattr(published, name)())


def ours(name, text):
    with tempfile.NamedTemporaryFile() as f:
        f.write(text.encode("utf-8"))
        f.flush()
        out = subprocess.run([ASSAY, "tokens", f.name, "--encoding", name, "--ids", "--json"], capture_output=True, timeout=300)
    if out.returncode:
        raise SystemExit(out.stderr.decode())
    return json.loads(out.stdout)["ids"]


def compare(kind, texts):
    """One test for each encoding; its deviation is the number of ids in which any text differs."""
    global passed, failed
    for name in NAMES:
        worst, where, ids, size = 0, None, 0, 0
        for label, text in texts:
            theirs, mine = ENCODINGS[name].encode_ordinary(text), ours(name, text)
            ids += len(theirs)
            size += len(text.encode("utf-8"))
            if theirs != mine:
                off = sum(a != b for a, b in zip(theirs, mine)) + abs(len(theirs) - len(mine))
                at = next((i for i, (a, b) in enumerate(zip(theirs, mine)) if a != b), min(len(theirs), len(mine)))
                if off > worst:
                    worst, where = off, (label, at, theirs[at:at + 4], mine[at:at + 4])
        print("%-12s %-28s %6d fixtures %9d bytes %9d ids, largest deviation %d%s"
              % (name, kind, len(texts), size, ids, worst, " at %r" % (where,) if where else ""), flush=True)
        if worst:
            failed += 1
        else:
            passed += 1


def de_bruijn(letters, order):
    """A cyclic text that holds every neighbourhood of `order` letters once (Fredricksen, Kessler and Maiorana)."""
    k, a, out = len(letters), [0] * len(letters) * order, []

    def walk(t, p):
        if t > order:
            if order % p == 0:
                out.extend(a[1:p + 1])
            return
        a[t] = a[t - p]
        walk(t + 1, p)
        for j in range(a[t - p] + 1, k):
            a[t] = j
            walk(t + 1, t)
    walk(1, 1)
    return "".join(letters[i] for i in out + out[:order - 1])


def every_code_point():
    points = [chr(c) for c in range(0x110000) if not 0xD800 <= c <= 0xDFFF]
    for at in range(0, len(points), 200000):
        part = points[at:at + 200000]
        yield "alone %x" % ord(part[0]), "".join("%sa %s" % (c, c) for c in part)
    known = [c for c in points if ord(c) < 0x30000 and ENCODINGS["o200k_base"] and c.isprintable()]
    rng = random.Random(5)
    for at in range(0, len(known), 50000):
        part = known[at:at + 50000]
        yield "among others %x" % ord(part[0]), "".join(
            "".join(rng.choice((c, c, " ", "A", "z", "7", "'s", ".", "\n", "\u0301")) for _ in range(6)) for c in part)


def fuzzed(size, seed):
    rng = random.Random(seed)
    scripts = [(0x20, 0x7F)] * 6 + [(0xA0, 0x24F), (0x370, 0x3FF), (0x400, 0x4FF), (0x5D0, 0x5EA), (0x620, 0x6FF), (0x900, 0x97F),
               (0xE00, 0xE7F), (0x1E00, 0x1EFF), (0x2000, 0x206F), (0x2190, 0x22FF), (0x3040, 0x30FF), (0x4E00, 0x9FFF),
               (0xAC00, 0xD7A3), (0x1F300, 0x1FAFF), (0x10400, 0x1044F), (0, 0x1F)]
    words = " ".join(t for k, t in TEXTS.items() if k != "empty").split(" ")
    out, length = [], 0
    while length < size:
        how = rng.random()
        if how < 0.45:
            part = rng.choice(("", " ", "  ", "\n", "\n\n", "\t", "\r\n")) + rng.choice(words)
        elif how < 0.75:
            low, high = rng.choice(scripts)
            part = "".join(chr(rng.randrange(low, high + 1)) for _ in range(rng.randrange(1, 12)))
        elif how < 0.85:
            part = "".join(rng.choice("abcdefghijklmnopqrstuvwxyzABCXYZ'") for _ in range(rng.randrange(1, 90)))
        elif how < 0.9:
            part = rng.choice(words)[::-1].swapcase()
        elif how < 0.95:
            part = rng.choice(" \t\n\r.-=*#/\\'\"0123456789") * rng.randrange(1, 40)
        else:
            c = rng.randrange(0x110000)
            part = chr(c) if not 0xD800 <= c <= 0xDFFF else "?"
        out.append(part)
        length += len(part.encode("utf-8"))
    return "".join(out)


def command():
    """What a person types, and what is said when it is wrong."""
    global passed, failed

    def run(*words, text="hello world"):
        p = subprocess.run([ASSAY, "tokens", *words], input=text, capture_output=True, text=True, timeout=60)
        return p.returncode, p.stdout, p.stderr

    checks = {
        "a count": run("-", "--encoding", "o200k_base") == (0, "2\n", ""),
        "a model's count is exact": "exact" in run("-", "-m", "openai:gpt-4o")[1],
        "another's is an estimate": "estimate" in run("-", "-m", "anthropic:claude-sonnet-4")[1],
        "json": json.loads(run("-", "-m", "openai:gpt-4o", "--json")[1])["models"][0]["tokens"] == 2,
        "tokens as text": run("-", "--ids")[1].split() == ["24912", '"hello"', "2375", '"', 'world"'],
        "an unknown vocabulary": run("-", "--encoding", "p50k")[0] == 2 and "o200k_base" in run("-", "--encoding", "p50k")[2],
        "an unpublished one": run("-", "--ids", "-m", "anthropic:claude-sonnet-4")[0] == 2,
        "no such file": run("no-such-file")[0] == 2 and "no-such-file" in run("no-such-file")[2],
        "an empty text": run("-", "--encoding", "cl100k_base", text="") == (0, "0\n", ""),
        "bytes that are no text": subprocess.run([ASSAY, "tokens", "-", "--encoding", "cl100k_base"], input=b"\xff\xfe\x80a",
                                                 capture_output=True).stdout == b"4\n",
    }
    for what, right in checks.items():
        if right:
            passed += 1
        else:
            failed += 1
            print("FAILED: %s" % what)


ENCODINGS = {name: vocabulary(name) for name in NAMES}
compare("texts of many scripts", list(TEXTS.items()))
compare("every neighbourhood of five", [("de Bruijn", de_bruijn(["A", "a", "中", "ʰ", "\u0301", "1", " ", "\n", ".", "'", "s", "/"], 5))])
compare("more classes, by four", [("de Bruijn", de_bruijn(list("Aab中ʰǅ\u01311 \u00a0\r\n\t.'sSſlL/-\u0301"), 3)),
                                  ("de Bruijn 4", de_bruijn(list("Vve中rEſ' \u3000\r\n.l\u0301"), 4))])
compare("ends of texts", [(repr(t), "".join(t)) for n in (1, 2, 3) for t in itertools.product("a \n\u00a0'", repeat=n)])
compare("every code point", list(every_code_point()))
compare("long repeats", [(repr(c[:9]), c) for c in ("a" * 20000, "ab" * 10000, " " * 20000, "\n" * 5000, "-" * 20000, "中" * 7000,
                                                     "😀" * 5000, "A" * 9999, "aB" * 6000, "0" * 30000, "\u0301" * 5000)])
compare("10^7 fuzzed bytes", [("seed 1", fuzzed(10_000_000, 1))])
command()
print("%d passed, %d failed" % (passed, failed))
sys.exit(1 if failed else 0)
