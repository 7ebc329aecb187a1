"""Print the line coverage of each library folder; fail below the least that is accepted.

    coverage.py BUILD_FOLDER      of the preset "coverage", after its tests have run
"""

import json
import pathlib
import subprocess
import sys

FOLDERS = ("util", "format", "engine", "mvcc")
LEAST_PERCENT = 90.0
ROOT = pathlib.Path(__file__).resolve().parent.parent


def measure(build):
    """Run gcovr over the build; return {file: (covered lines, lines)}."""
    filters = [f"--filter={ROOT}/{folder}/" for folder in FOLDERS]
    command = ["gcovr", "--root", str(ROOT), "--object-directory", str(build), *filters,
               "--json-summary", "--output", "-", str(build)]
    output = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    return {entry["filename"]: (entry["line_covered"], entry["line_total"])
            for entry in json.loads(output)["files"]}


def percent(covered, total):
    return 100.0 * covered / total


def main():
    files = measure(pathlib.Path(sys.argv[1]).resolve())
    for name, (covered, total) in sorted(files.items()):
        if total > 0:
            print(f"{percent(covered, total):6.1f}%  {covered:5} of {total:5}  {name}")
    print()
    low = []
    for folder in FOLDERS:
        counts = [count for name, count in files.items() if name.startswith(folder + "/")]
        covered, total = sum(c for c, _ in counts), sum(t for _, t in counts)
        if total == 0:
            print(f"   none                  {folder}/")
            low.append(folder)
            continue
        print(f"{percent(covered, total):6.1f}%  {covered:5} of {total:5}  {folder}/")
        if percent(covered, total) < LEAST_PERCENT:
            low.append(folder)
    if low:
        print(f"coverage: below {LEAST_PERCENT}% of lines: {', '.join(low)}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
