#!/bin/sh
exec python3 "$(dirname "$0")/fault_marks.py" "$@"
