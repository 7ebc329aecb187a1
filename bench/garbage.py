#!/usr/bin/env python3
"""Collect much garbage and tell time and memory.

    garbage.py BUILD [FOLDER]

For each of the stores below: makes it, collects all but the newest version of each key by
`varve gc run` of the build folder BUILD, checks that the statistics are those of a recount, and
prints a row of the table in docs/operations.md.  Memory is the largest that the process had, and
what of it is beyond the 32 MiB of the block cache.
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

CACHE = 32 << 20
STORES = [("1 key of 1,000,000 versions", 1, 1_000_000),
          ("1,000,000 keys of 10 versions", 1_000_000, 10)]
SIZE = 32


def run(command):
    """Seconds, the largest memory in bytes, and the output of a program."""
    began = time.monotonic()
    with tempfile.TemporaryFile() as out:
        process = subprocess.Popen(command, stdout=out)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.monotonic() - began
        out.seek(0)
        text = out.read().decode()
    if status != 0:
        raise SystemExit(f"{command}: ended with {status}")
    return seconds, usage.ru_maxrss << 10, text


def mebibytes(size):
    return f"{size / (1 << 20):.0f} MiB"


def measure(build, folder, name, keys, versions):
    helper = str(build / "tests" / "tools_helper_garbage")
    varve = str(build / "bin" / "varve")
    store = str(folder / f"store-{keys}")
    run([helper, "fill", store, str(keys), str(versions), str(SIZE)])
    policy = [store, "--keep", "1", "--at", f"@{versions + 1}", "--json"]
    looked, look_memory, text = run([varve, "gc", "estimate", *policy])
    expected = json.loads(text)["collected"]
    took, memory, text = run([varve, "gc", "run", *policy, "--write"])
    done = json.loads(text)
    if done["collected"] != expected or expected["versions"] != keys * (versions - 1):
        raise SystemExit(f"{name}: {done['collected']} collected, {expected} expected")
    if run([helper, "check", store])[2] != "the same\n":
        raise SystemExit(f"{name}: the statistics are not those of a recount")
    print(f"| {name} | {looked:.1f} s | {mebibytes(look_memory)} | {took:.1f} s | "
          f"{done['commits']:,} | {mebibytes(memory)} | {mebibytes(max(0, memory - CACHE))} |",
          flush=True)


def main():
    build = pathlib.Path(sys.argv[1]).resolve()
    parent = sys.argv[2] if len(sys.argv) > 2 else None
    print("| store | estimate | memory | collected | commits | memory | beyond the cache |\n"
          "|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory(dir=parent) as folder:
        for name, keys, versions in STORES:
            measure(build, pathlib.Path(folder), name, keys, versions)


if __name__ == "__main__":
    main()
