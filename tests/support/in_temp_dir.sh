#!/bin/sh
# Run a program with a fresh folder as its last argument; remove the folder afterwards.
set -eu

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
"$@" "$dir"
