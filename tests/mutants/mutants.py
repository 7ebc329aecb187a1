#!/usr/bin/env python3
"""Apply small faults to mvcc/, one at a time, and expect the tests to notice each.

    mutants.py WORK [NUMBER...]

copies the source tree to the folder WORK, builds it there, and for each mutant, or for those of
the given numbers, replaces one text of one file, builds again and runs tests.  A mutant that no
test notices, one that does not compile, and one whose text is not in its file exactly once, are
failures.
"""
import os
import pathlib
import shutil
import subprocess
import sys

TREE = pathlib.Path(__file__).resolve().parents[2]
TESTS = ["mvcc_test_model", "mvcc_test_stats_writes", "mvcc_test_decisions", "mvcc_test_resolve"]
LIMIT = 60  # seconds for one test program

SEE = "mvcc/visible.c"
WRITE = "mvcc/write.c"
OVER = "mvcc/rewrite.c"
RESOLVE = "mvcc/resolve_key.c"
STATS = "mvcc/stats_delta.c"

# What it is a fault in; file; text; replacement.
MUTANTS = [
    ("read, row 2", SEE, "    if (view->fail_on_more_recent)\n        return see_from(2",
     "    if (false)\n        return see_from(2"),
    ("read, row 3a", SEE, "if (varve_ts_compare(newest, view->reach_ts) <= 0)",
     "if (varve_ts_compare(newest, view->reach_ts) < 0 && false)"),
    ("read, row 3b", SEE, "return see_within_reach(view, 3);",
     "return see_at_or_below(3, view->seek_ts);"),
    ("read, row 4", SEE, "return see_at_or_below(4, view->seek_ts);",
     "return see_at_or_below(4, newest);"),
    ("read, row 5", SEE, "    if (meta->has_raw)\n",
     "    if (meta->has_raw && view->txn == NULL)\n"),
    ("read, row 6: when", SEE, "view->is_uncertain ? view->txn->max_ts : view->ts) > 0",
     "view->ts) > 0"),
    ("read, row 6: what", SEE, "return see_within_reach(view, 6);",
     "return see_at_or_below(6, view->seek_ts);"),
    ("read, row 7", SEE, "    if (view->inconsistent)\n", "    if (false)\n"),
    ("read, row 8", SEE, "        !view->fail_on_more_recent)\n        return see_within",
     "        true)\n        return see_within"),
    ("read, row 9: sequence", SEE, "if (txn->meta.sequence >= meta->txn.sequence &&",
     "if (txn->meta.sequence > meta->txn.sequence &&"),
    ("read, row 9: ignored", SEE, " && !varve_txn_is_ignored(txn, meta->txn.sequence))", ")"),
    ("read, row 10: sequence", SEE, "if (entry.sequence > txn->meta.sequence ||",
     "if (entry.sequence >= txn->meta.sequence ||"),
    ("read, row 10: ignored", SEE, " || varve_txn_is_ignored(txn, entry.sequence))", ")"),
    ("read, row 12", SEE, "if (txn->meta.epoch < meta->txn.epoch)", "if (false)"),
    ("read, row 13", SEE, "if (txn->meta.epoch > meta->txn.epoch)", "if (false)"),
    ("read, below an intent", SEE, "if (varve_ts_compare(meta->ts, view->ts) <= 0 &&",
     "if (varve_ts_compare(meta->ts, view->ts) < 0 &&"),
    ("write, step 3", WRITE, "if (write->has_from && write->is_inline != write->meta.has_raw)",
     "if (false)"),
    ("write, step 8: ties", WRITE, "if (varve_ts_compare(write->read_ts, write->from_ts) > 0)",
     "if (varve_ts_compare(write->read_ts, write->from_ts) >= 0)"),
    ("write, step 8: what is compared", WRITE,
     "if (varve_ts_compare(write->read_ts, write->from_ts) > 0)",
     "if (varve_ts_compare(write->ts, write->from_ts) > 0)"),
    ("write, step 8: value", WRITE, "txn != NULL ? write->read_ts : write->ts, txn, err",
     "write->ts, txn, err"),
    ("write, step 7c", OVER, "if (write->how.txn->meta.sequence <= write->meta.txn.sequence)",
     "if (write->how.txn->meta.sequence < write->meta.txn.sequence)"),
    ("write, step 7f", OVER, "        write->ts = write->from_ts;\n        return VARVE_OK;",
     "        return VARVE_OK;"),
    ("write, step 7g", OVER, "if (status == VARVE_OK && had_value)\n",
     "if (status == VARVE_OK)\n"),
    ("write, replay of what was written", OVER, "if (entry.sequence == txn->sequence)",
     "if (entry.sequence >= txn->sequence)"),
    ("write, replay of a function", OVER, "        before.meta.sequence--;", "        ;"),
    ("put if: missing", "mvcc/put_if.c", "return !expect->exists || expect->allow_missing;",
     "return !expect->exists;"),
    ("init put: tombstones", "mvcc/put_if.c", "existing->exists && *fails_on_tombstone ?",
     "existing->exists || *fails_on_tombstone ?"),
    ("increment: overflow", "mvcc/increment.c", "a > INT64_MAX - b", "a >= INT64_MAX - b"),
    ("delete range: sequence", "mvcc/delete_range.c",
     "before.meta.sequence -= before.meta.sequence > INT32_MIN;", ""),
    ("resolve: epochs of a commit", RESOLVE, "VARVE_TXN_COMMITTED && epochs_match &&",
     "VARVE_TXN_COMMITTED &&"),
    ("resolve: time of a commit", RESOLVE, "varve_ts_compare(meta->ts, txn->write_ts) <= 0;",
     "varve_ts_compare(meta->ts, txn->write_ts) < 0;"),
    ("resolve: epochs of a push", RESOLVE, " && meta->txn.epoch >= txn->epoch;",
     " && meta->txn.epoch == txn->epoch;"),
    ("resolve: rollback of another epoch", RESOLVE,
     "if (epochs_match && is_ignored(update, meta->txn.sequence)",
     "if (is_ignored(update, meta->txn.sequence)"),
    ("resolve: rollback in place", RESOLVE, "decision.is_rolled_back ? KEEP : LEAVE",
     "LEAVE"),
    ("resolve: history of a rollback", RESOLVE,
     "    meta.history_count = decision->entries;\n", ""),
    ("collect: threshold", "mvcc/gc.c", "garbage->entry->threshold) <= 0;",
     "garbage->entry->threshold) < 0;"),
    ("collect: age of a tombstone", "mvcc/gc.c", "size == 0 ? wall : garbage->since",
     "size != 0 ? wall : garbage->since"),
    ("statistics of what is below an intent", STATS, "    plus(&d->live_bytes, size_below);\n", ""),
    ("statistics of a deleted key", STATS,
     "    if (from->deleted)\n        minus_replaced(d, from);\n", ""),
    ("statistics of inline values", STATS, "    if (old_record > 0)\n", "    if (false)\n"),
    ("statistics of a removed intent", STATS, "    if (gone->has_txn)\n", "    if (false)\n"),
]


def run(command, folder, **options):
    return subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, **options)


def build(work):
    command = ["cmake", "--build", "build", "--parallel", "2", "--target", *TESTS]
    return run(command, work)


def noticed_by(work):
    """The first test that fails, or None."""
    environment = {**os.environ, "VARVE_TEST_SEED": "7", "CK_DEFAULT_TIMEOUT": str(LIMIT)}
    for test in TESTS:
        try:
            done = run([work / "build" / "tests" / test], work, env=environment, timeout=LIMIT)
        except subprocess.TimeoutExpired:
            return test + " (timeout)"
        if done.returncode != 0:
            return test
    return None


def verdict(work, mutant):
    """What becomes of a mutant: who notices it, or None and why that is a failure."""
    _, name, text, replacement = mutant
    path = work / name
    original = path.read_text()
    if original.count(text) != 1:
        return None, f"its text is in {name} {original.count(text)} times"
    path.write_text(original.replace(text, replacement))
    try:
        built = build(work)
        if built.returncode != 0:
            return None, "it does not compile:\n" + built.stdout[-2000:]
        return noticed_by(work), "no test notices it"
    finally:
        path.write_text(original)


def prepare(work):
    """A copy of the tree, built; every test has to pass there."""
    ignore = shutil.ignore_patterns("build", ".git")
    shutil.copytree(TREE, work, ignore=ignore, dirs_exist_ok=True)
    configured = run(["cmake", "-S", ".", "-B", "build", "-G", "Ninja",
                      "-DCMAKE_C_FLAGS=-O1"], work)
    built = build(work) if configured.returncode == 0 else configured
    if built.returncode != 0:
        sys.exit(built.stdout)
    failing = noticed_by(work)
    if failing is not None:
        sys.exit(f"{failing} fails without any fault")


def main(arguments):
    if not arguments:
        sys.exit(__doc__)
    work = pathlib.Path(arguments[0]).resolve()
    prepare(work)
    failures = 0
    for number, mutant in enumerate(MUTANTS, 1):
        if arguments[1:] and str(number) not in arguments[1:]:
            continue
        test, reason = verdict(work, mutant)
        failures += test is None
        print(f"{number:2} {mutant[0]}: {test or 'SURVIVES: ' + reason}", flush=True)
    print(f"{failures} not noticed")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
