"""bench/tokens_peer.py WHICH ENCODING FILE: seconds of the best of three passes over the text, on this thread; start-up and
reading left out. WHICH is tiktoken or gigatoken."""
import base64
import json
import os
import sys
import time

which, name, path = sys.argv[1:]
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

import tiktoken
import tiktoken_ext.openai_public as published

ranks = {}
with open(os.path.join(ROOT, ".vocab", name + ".tiktoken"), "rb") as f:
    for line in f.read().splitlines():
        token, rank = line.split()
        ranks[base64.b64decode(token)] = int(rank)
published.load_tiktoken_bpe = lambda url, expected_hash=None: ranks
encoding = tiktoken.Encoding(**getattr(published, name)())
with open(path, encoding="utf-8") as f:
    text = f.read()


def split_of(token, rank):
    """The two tokens a token is made of: merging its bytes by lower ranks alone."""
    parts = [token[i:i + 1] for i in range(len(token))]
    while len(parts) > 2:
        at = min(range(len(parts) - 1), key=lambda i: ranks.get(parts[i] + parts[i + 1], rank))
        parts[at:at + 2] = [parts[at] + parts[at + 1]]
    return parts


# cl100k's pattern as it stands in Hugging Face's files: the same cuts but at white space that ends a text; gigatoken knows it.
PATTERN = {"cl100k_base": r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|"
                          r"\s+(?!\S)|\s+"}


def tokenizer_json():
    """The vocabulary in the form gigatoken reads (Hugging Face's tokenizer.json), made once."""
    to = os.path.join(ROOT, "bench", "out", name + ".json")
    if not os.path.exists(to):
        plain = [b for b in range(256) if 33 <= b <= 126 or 161 <= b <= 172 or b >= 174]
        other = [b for b in range(256) if b not in plain]
        letter = {b: chr(b) for b in plain} | {b: chr(256 + i) for i, b in enumerate(other)}
        show = lambda token: "".join(letter[b] for b in token)
        merges = [[show(p) for p in split_of(t, r)] for t, r in sorted(ranks.items(), key=lambda x: x[1]) if len(t) > 1]
        with open(to + ".part", "w") as f:
            json.dump({"version": "1.0", "truncation": None, "padding": None, "added_tokens": [], "normalizer": None,
                       "pre_tokenizer": {"type": "Sequence", "pretokenizers": [
                           {"type": "Split", "pattern": {"Regex": PATTERN.get(name, encoding._pat_str)}, "behavior": "Isolated", "invert": False},
                           {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False}]},
                       "post_processor": None,
                       "decoder": {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False},
                       "model": {"type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None,
                                 "end_of_word_suffix": None, "fuse_unk": False, "byte_fallback": False, "ignore_merges": False,
                                 "vocab": {show(t): r for t, r in ranks.items()}, "merges": merges}}, f)
        os.replace(to + ".part", to)
    return to


if which == "gigatoken":
    import gigatoken
    encoding = gigatoken.Tokenizer(tokenizer_json()).as_tiktoken()
best, count = None, 0
for _ in range(3):
    begin = time.perf_counter()
    count = len(encoding.encode_ordinary(text))
    seconds = time.perf_counter() - begin
    best = seconds if best is None else min(best, seconds)
print(best, count)
