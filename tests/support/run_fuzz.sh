#!/bin/sh
# run_fuzz.sh PROGRAM SECONDS SOURCE: run a libFuzzer target for a bounded time.
#
# Inputs it finds are kept beside the program, so that the next run starts from them; those
# committed under corpus/ beside the source are read and never written.
set -eu

program=$1
seconds=$2
source=$3

found=$program.corpus
name=$(basename "$source" .c)
seeds=$(dirname "$source")/corpus/$name
mkdir -p "$found"
set -- "$found"
if [ -d "$seeds" ]; then
    set -- "$@" "$seeds"
fi
exec "$program" -max_total_time="$seconds" -max_len=65536 -print_final_stats=1 \
    -artifact_prefix="$program." "$@"
