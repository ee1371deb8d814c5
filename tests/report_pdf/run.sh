#!/bin/sh
exec python3 "$(dirname "$0")/report_pdf.py" "$@"
