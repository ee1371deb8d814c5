#!/bin/sh
exec python3 "$(dirname "$0")/mcp_server.py" "$@"
