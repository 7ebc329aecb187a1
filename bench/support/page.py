"""Parts of pages that are made of what a program measures.

They stand between a line that begins them and one that ends them.  A script that makes one has the
options of parser() and ends with finish().
"""

import argparse
import datetime
import json
import os
import pathlib
import platform
import signal
import subprocess
import sys


def write_into(path, name, text):
    """Replace what stands between `<!-- NAME: begin -->` and `<!-- NAME: end -->`."""
    page = pathlib.Path(path).read_text(encoding="utf-8")
    begin, end = f"<!-- {name}: begin -->\n", f"<!-- {name}: end -->\n"
    if page.count(begin) != 1 or page.count(end) != 1 or page.index(begin) > page.index(end):
        raise SystemExit(f"{path}: no lines {begin.strip()} and {end.strip()}")
    head, rest = page.split(begin)
    tail = rest.split(end)[1]
    pathlib.Path(path).write_text(f"{head}{begin}\n{text.strip()}\n\n{end}{tail}",
                                  encoding="utf-8")


def table(titles, rows):
    """A table: the first column is text, the others are numbers."""
    lines = ["| " + " | ".join(titles) + " |", "|---|" + "--:|" * (len(titles) - 1)]
    lines += ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def machine():
    """When and where it was measured, for the head of a part."""
    processor = "unknown"
    with open("/proc/cpuinfo", encoding="ascii", errors="replace") as lines:
        for line in lines:
            if line.startswith("model name"):
                processor = line.split(":", 1)[1].strip()
                break
    return (f"{datetime.date.today()}, {processor}, {os.cpu_count()} processors, "
            f"Linux {platform.release()}")


def parser(documentation):
    """What all these scripts take."""
    made = argparse.ArgumentParser(description=documentation.split("\n", 1)[0])
    made.add_argument("program", nargs="?", help="what measures")
    made.add_argument("--into", help="the page to write into")
    made.add_argument("--smoke", action="store_true", help="too small to mean anything: seconds")
    made.add_argument("--dir", help="where to keep data, which is removed again")
    made.add_argument("--json", help="where to keep what was measured")
    made.add_argument("--from", dest="kept", help="what was kept, instead of measuring")
    return made


def parse(made):
    arguments = made.parse_args()
    if (arguments.program is None) == (arguments.kept is None):
        made.error("either a program or what was kept")
    return arguments


def run(arguments, program, *words):
    """The document that a program writes.  It removes its data, also when this script is ended."""
    command = [program, *words]
    if arguments.smoke:
        command.append("--smoke")
    if arguments.dir:
        command += ["--dir", arguments.dir]
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(2))
    with subprocess.Popen(command, stdout=subprocess.PIPE) as running:
        try:
            text = running.stdout.read()
        except BaseException:
            running.terminate()
            running.stdout.close()
            running.wait()
            raise
    if running.returncode != 0:
        raise SystemExit(f"{program} ended with {running.returncode}")
    return json.loads(text)


def finish(arguments, measure, text_of, name):
    """Measure, or take what was kept; make text of it, and print it or write it into a page."""
    if arguments.kept:
        found = json.loads(pathlib.Path(arguments.kept).read_text(encoding="utf-8"))
    else:
        found = {"head": f"Measured {machine()}.", **measure()}
    if arguments.json:
        pathlib.Path(arguments.json).write_text(json.dumps(found, indent=1), encoding="utf-8")
    text = f"{found['head']}\n\n{text_of(found)}"
    if arguments.into:
        write_into(arguments.into, name, text)
    else:
        print(text, end="")
