#!/bin/sh
# Run a program with a known race; succeed only if it failed and the race was reported.
set -u

output=$("$1" 2>&1)
status=$?
printf '%s\n' "$output"
if [ "$status" -eq 0 ]; then
    echo "expect_race: the program exited 0, so the race went unnoticed" >&2
    exit 1
fi
case $output in
*"ThreadSanitizer: data race"*) ;;
*)
    echo "expect_race: exit $status without a report of a data race" >&2
    exit 1
    ;;
esac
