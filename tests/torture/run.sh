#!/usr/bin/env bash
# run.sh [--brief] [--only ROW[,ROW]] [--build DIR] [--minutes N]. README.md describes the usage.
exec python3 -B "$(dirname "$0")/torture.py" "$@"
