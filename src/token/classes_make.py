#!/usr/bin/env python3
"""Writes classes.txt: the letter classes the two encodings split text by, as ranges of code points.

Needs unicodedata2==16.0.0: the version of Unicode that tiktoken 0.14 is built with (tests/token says when that moves).
Run by hand: python3 src/token/classes_make.py > src/token/classes.txt
"""
import unicodedata2

CLASS = {"Lu": "U", "Lt": "U", "Ll": "L", "Lm": "B", "Lo": "B", "Mn": "M", "Mc": "M", "Me": "M", "Nd": "N", "Nl": "N", "No": "N"}
SPACE = {9, 11, 12, 0x20, 0x85, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x2028, 0x2029, 0x202F, 0x205F, 0x3000}


def of(cp):
    if cp in (10, 13):
        return "R"
    return "S" if cp in SPACE else CLASS.get(unicodedata2.category(chr(cp)))


assert unicodedata2.unidata_version == "16.0.0"
print("# Unicode 16.0: first last class. U upper or title, L lower, B other letters, M marks, N numbers, S space, R line end.")
print("# Made by classes_make.py.")
start, cls = 0, of(0)
for cp in range(1, 0x110001):
    now = of(cp) if cp < 0x110000 else None
    if now != cls or cp == 0x110000:
        if cls:
            print("%x %x %s" % (start, cp - 1, cls))
        start, cls = cp, now
