#!/usr/bin/env python3
"""Say what the time of each goal is made of that is not met, or nearly so.

    profile.py PROGRAM --library LIBRARY [--into PAGE] [--smoke] [--dir DIR] [--json FILE]
    profile.py --from FILE [--into PAGE]

PROGRAM is varve-bench of a release build, LIBRARY the libvarve.a that it was linked with.  perf
records a run of it; the functions that it has seen are put into groups (groups.py).  --into
replaces the part of a page between the lines `<!-- varve-profile: begin -->` and
`<!-- varve-profile: end -->`; without it the tables are printed.  --json keeps what was measured,
and --from makes tables of what was kept.
"""

import collections
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import textwrap

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import groups  # noqa: E402
import page  # noqa: E402

FREQUENCY = 8000   # samples a second
LEAST = 0.015      # parts of a lane's time below which a group is told with all others


class Case:
    """Lanes of an operation in a state, and what is to be learned from them.

    `ours` is varve's lane, `base` what the goal holds it against, `plan` RocksDB with the same plan
    for the same work.  `says` may name {own}, {total}, {without} and {plan}: what varve's own code
    takes, and all of it, in nanoseconds; the ratio to the base without varve's own code; and that
    of the plan.
    """

    def __init__(self, goal, at_most, state, operation, rounds, base, plan, says, *, ours="varve"):
        self.goal, self.at_most, self.state, self.operation = goal, at_most, state, operation
        self.rounds, self.ours, self.base, self.plan, self.says = rounds, ours, base, plan, says

    def lanes(self):
        return [self.ours, self.plan, self.base]

    def name(self):
        return f"{self.state}/{self.operation}"


ONE, ONE_10, ONE_100 = "one-v1-b64-k1000000", "one-v10-b64-k100000", "one-v100-b64-k10000"
L0, L0_10, L0_100 = "l0-v1-b64-k1000000", "l0-v10-b64-k100000", "l0-v100-b64-k10000"
# What RocksDB does for a seek and not for a get of one key.
SEEK = ("A seek merges iterators, and looks into the filter of the memtable even if nothing is in "
        "it, where a get passes it by; RocksDB's C interface has no get of the first record of a "
        "key.")
CASES = [
    Case("newest get, quiet engine", 1.10, ONE, "get-newest", 40, "raw get", "raw seek",
         "A bare seek is at {plan} already. varve's own code takes {own} of {total}; without it "
         "the ratio would be {without}. " + SEEK + " What changes it is not to ask RocksDB: a "
         "cache of newest versions."),
    Case("newest get, quiet engine", 0.90, L0_10, "get-newest", 40, "plain get", "raw seek",
         "A bare seek is at {plan}. The goal comes from one at 0.76, in a measurement whose lanes "
         "read the same keys one after the other; here each reads keys of its own. varve's own "
         "code takes {own} of {total}; without it the ratio would be {without}. Fewer tables in "
         "level 0 change it, or a cache of newest versions."),
    Case("absent key, quiet engine", 0.33, L0, "get-absent", 80, "plain get", "raw seek",
         "The work is asking the filters of a memtable and five tables and leading an iterator "
         "past all of them: a bare seek is at {plan}. varve's own code takes {own} of {total}; "
         "without it the ratio would be {without}."),
    Case("newest get, to user-defined timestamps", 1.00, ONE_10, "get-newest", 40, "udt",
         "raw seek",
         "There a get finds the newest version inside of RocksDB, table by table: it merges "
         "nothing, and passes by a memtable with nothing in it. A bare seek is at {plan}, and "
         "varve's own code takes {own} of {total}: without it the ratio would be {without}. A get "
         "of the first record of a key, inside of RocksDB, would have to be there for this layout "
         "as well."),
    Case("scan of 100 keys, 1 version, packed", 1.25, ONE, "scan-100", 400, "raw scan",
         "raw next<=2",
         "The same walk by hand, which copies nothing, is at {plan}. varve calls RocksDB for a row "
         "as often as that does, four times, and makes it do nothing more. Its own code, which "
         "tells one key from the other, looks for intents and packs rows, takes {own} of {total}; "
         "without it the ratio would be {without}, and the rows would still have to be copied."),
    Case("reverse scan of 100 keys, 1 version", 1.70, ONE, "reverse-100", 300, "raw scan",
         "raw prev<=2",
         "RocksDB's step back is dearer than its step forward: its own versions of a key come "
         "oldest first that way, so that it goes on to the key before until it knows the newest. "
         "The same walk by hand is at {plan}; it has no lower bound, which varve needs to keep off "
         "its own records, and which RocksDB looks at in each step. varve's own code takes {own} "
         "of {total}; without it the ratio would be {without}. Reading forwards and turning "
         "the rows round would change it, for which one would have to know the key that stands a "
         "hundred before another."),
    Case("newest scan of 10, to user-defined timestamps", 0.70, ONE_10, "scan-100", 60, "udt",
         "raw next<=0",
         "Nearly all of both is RocksDB's passing over nine versions a row. The best plan by hand "
         "is at {plan}; when the goal was set, with the shared library, it was at 0.61. varve's "
         "own code takes {own} of {total}; without it the ratio would be {without}. Old "
         "versions that lie elsewhere would change it: [above](#old-versions-apart)."),
    Case("newest scan of 100, to user-defined timestamps", 0.70, ONE_100, "scan-100", 30, "udt",
         "raw next<=0",
         "Both seek past ninety-nine versions for each row. By hand it is at {plan}; varve's own "
         "code takes {own} of {total}, and without it the ratio would be {without}. The same would "
         "change it as with ten versions."),
    Case("put into a new key, in a batch of 100", 1.15, ONE, "put-100", 9, "raw batch",
         "raw seek and batch",
         "A key is new if a look at it says so. That look alone, a seek that filters answer, makes "
         "it {plan} by hand, and the goal has no room for one. varve's own code takes {own} of "
         "{total}; without it the ratio would be {without}. Who knows that a key is new, and "
         "that nobody else writes it, puts blind, for which the goal is met.",
         ours="varve new key"),
    Case("put over an existing key with statistics, in a batch of 100", 1.20, ONE_100,
         "put-over-100", 9, "raw seek and batch", "raw batch",
         "The seek is most of it: a batch that looks at nothing is at {plan}. varve's own code, "
         "with what statistics need to know of the version before, takes {own} of {total}; without "
         "it the ratio would be {without}."),
    Case("transaction of 10 new keys", 2.50, ONE, "txn-10", 9, "transactiondb", "raw by hand",
         "A transaction leaves an intent and a version for each key and a record of its own, and "
         "takes intents and record away again: 32 records where TransactionDB writes 10, and the "
         "deletions among them are each looked for from the top of the memtable. The same records "
         "written by hand, with one look at each key and no latches, are at {plan}: so much is "
         "the format. varve's own code takes {own} of {total}; without it the ratio would "
         "be {without}."),
    Case("transaction of 10 existing keys", 2.50, ONE, "txn-over-10", 9, "transactiondb",
         "raw by hand",
         "The same, and each look finds something, so that no filter spares it a block: by hand it "
         "is at {plan}, as TransactionDB looks at nothing. varve's own code takes {own} of "
         "{total}; without it the ratio would be {without}. Intents that are kept in memory until "
         "they are resolved would change it, and would not survive the process."),
]
SMOKE = ("one-v1-b64-k2500", "get-newest", 200)


# ---- Recording

def own_names(library):
    """The names of all functions of the library, also of those that it does not share."""
    text = subprocess.run(["nm", library], check=True, stdout=subprocess.PIPE, text=True).stdout
    fields = (line.split() for line in text.splitlines())
    return {words[2] for words in fields if len(words) == 3 and words[1] in "tT"}


def check_perf():
    """End with what is missing, if something is."""
    if shutil.which("perf") is None:
        raise SystemExit("profile.py: perf is not installed (Debian has it in linux-perf)")
    with tempfile.TemporaryDirectory() as folder:
        tried = subprocess.run(["perf", "record", "--quiet", f"--output={folder}/perf", "true"],
                               stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                               check=False)
    level = pathlib.Path("/proc/sys/kernel/perf_event_paranoid")
    if tried.returncode != 0:
        setting = level.read_text().strip() if level.exists() else "not there"
        raise SystemExit("profile.py: perf may not record here (kernel.perf_event_paranoid is "
                         f"{setting}; 1 will do):\n{tried.stderr.strip()}")
    if os.geteuid() != 0 and level.exists() and int(level.read_text()) > 1:
        print("profile.py: perf may not look into the system here: what it takes is missing in "
              "the tables (kernel.perf_event_paranoid: 1 will do)", file=sys.stderr)


def record(arguments, what, lanes, data, found):
    """Let perf record to `data` a run of a case's lanes, which writes its document to `found`."""
    state, operation, rounds = what
    command = ["perf", "record", "--quiet", f"--freq={FREQUENCY}", f"--output={data}",
               arguments.program, "--smoke" if arguments.smoke else "--full", "--starts=1",
               f"--rounds={rounds}", f"--json={found}", f"{state}/{operation}"]
    command += [f"--lane={lane}" for lane in lanes]
    command += [f"--dir={arguments.dir}"] if arguments.dir else []
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                          check=False)
    if done.returncode != 0:
        raise SystemExit(f"profile.py: {' '.join(command)}\nended with {done.returncode}:\n"
                         f"{done.stderr.strip()}")


def report_of(data):
    """What perf has seen: lines of `samples|thread|file|function`."""
    return subprocess.run(["perf", "report", "--stdio", f"--input={data}", "--field-separator=|",
                           "--fields=sample,comm,dso,symbol", "--percent-limit=0"],
                          check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          text=True).stdout


def samples_of(report, operation, own):
    """How many samples of each lane of an operation, by its number, are of each group.

    varve-bench calls its thread after the lane and the operation while it measures them; the end of
    the name may be missing.
    """
    found = collections.defaultdict(collections.Counter)
    for line in report.splitlines():
        fields = [field.strip() for field in line.split("|", 3)]
        if line.startswith("#") or len(fields) != 4:
            continue
        lane, _, rest = fields[1].partition(" ")
        if not lane.isdigit() or not operation.startswith(rest):
            continue
        name = fields[3].split("]", 1)[1].strip() if fields[3].startswith("[") else fields[3]
        found[int(lane)][groups.group_of(name.rstrip("|- "), fields[2], own)] += int(fields[0])
    return found


def measured(run, report, operation, own):
    """The lanes of a case: nanoseconds for one, and how many of them are of each group."""
    samples = samples_of(report, operation, own)
    lanes = {}
    for number, lane in enumerate(run["cases"][0]["lanes"]):
        total = sum(samples[number].values())
        if total == 0:
            raise SystemExit(f"profile.py: perf has seen nothing of {run['cases'][0]['name']}, "
                             f"{lane['name']}")
        ns = lane["cpu"]["median"]
        lanes[lane["name"]] = {
            "ns": ns, "ratio": lane["ratio"]["median"], "samples": total,
            "groups": {name: ns * count / total for name, count in samples[number].items()}}
    return lanes


def profile(arguments, own, what, lanes):
    """Profile one case, given as (state, operation, rounds)."""
    with tempfile.TemporaryDirectory() as folder:
        data, found = f"{folder}/perf", pathlib.Path(folder, "run.json")
        record(arguments, what, lanes, data, found)
        run = json.loads(found.read_text(encoding="utf-8"))
        return measured(run, report_of(data), what[1], own)


def measure(arguments):
    check_perf()
    own = own_names(arguments.library)
    if arguments.smoke:
        return {"cases": [profile(arguments, own, SMOKE, CASES[0].lanes())]}
    cases = []
    for case in CASES:
        print(case.name(), file=sys.stderr)
        cases.append(profile(arguments, own, (case.state, case.operation, case.rounds),
                             case.lanes()))
    return {"cases": cases}


# ---- Telling

def rows_of(case, lanes):
    """The groups of a case, largest first for varve; what is little is told together."""
    ours = lanes[case.ours]
    shown = [name for name in groups.NAMES
             if any(lanes[lane]["groups"].get(name, 0) >= LEAST * lanes[lane]["ns"]
                    for lane in case.lanes())]
    shown.sort(key=lambda name: (name != groups.OWN, -ours["groups"].get(name, 0)))
    rows = [[name, *(f"{lanes[lane]['groups'].get(name, 0):.0f}" for lane in case.lanes())]
            for name in shown]
    rest = {lane: sum(ns for name, ns in lanes[lane]["groups"].items() if name not in shown)
            for lane in case.lanes()}
    rows.append(["the rest", *(f"{rest[lane]:.0f}" for lane in case.lanes())])
    rows.append(["**all**", *(f"**{lanes[lane]['ns']:.0f}**" for lane in case.lanes())])
    base = lanes[case.base]["ratio"]
    rows.append(["ratio", *(f"{lanes[lane]['ratio'] / base:.2f}" for lane in case.lanes())])
    return rows


def text_of_case(case, lanes):
    ours, base, plan = lanes[case.ours], lanes[case.base], lanes[case.plan]
    own = ours["groups"].get(groups.OWN, 0)
    ratio = ours["ratio"] / base["ratio"]
    told = case.says.format(own=f"{own:.0f} ns", total=f"{ours['ns']:.0f} ns",
                            without=f"{ratio * (1 - own / ours['ns']):.2f}",
                            plan=f"{plan['ratio'] / base['ratio']:.2f}")
    titles = [f"`{case.name()}`, ns", *case.lanes()]
    goal = case.goal[0].upper() + case.goal[1:]
    told = f"**{goal}**: {ratio:.2f}, to be at most {case.at_most:.2f}. {told}"
    return (f"{textwrap.fill(told, 100, break_on_hyphens=False)}\n\n"
            f"{page.table(titles, rows_of(case, lanes))}")


def text_of(found):
    return "\n".join(text_of_case(case, lanes) for case, lanes in zip(CASES, found["cases"]))


def main():
    parser = page.parser(__doc__)
    parser.add_argument("--library", help="the libvarve.a that the program was linked with")
    arguments = page.parse(parser)
    if arguments.program and not arguments.library:
        parser.error("--library is missing")
    page.finish(arguments, lambda: measure(arguments), text_of, "varve-profile")


if __name__ == "__main__":
    main()
