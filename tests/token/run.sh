#!/bin/sh
# Our token ids beside tiktoken's (tests/token/tokens.py).
cd "$(dirname "$0")" && exec python3 tokens.py
