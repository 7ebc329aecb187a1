"""What the tests of imports share: dumps of stores, streams of git, and killing an import."""

import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import time

from toolkit import BUILD, SOURCE, VARVE, raw_bytes, varve

AWKWARD = SOURCE / "examples" / "demo" / "make-awkward-repo.sh"

EXPORT = ["fast-export", "--first-parent", "--show-original-ids", "--reencode=no",
          "--signed-tags=strip", "--tag-of-filtered-object=drop", "--use-done-feature"]

# Neither the configuration of whoever runs the tests nor a repository around them has a say.
ENVIRONMENT = {**{name: value for name, value in os.environ.items()
                  if not name.startswith("GIT_")},
               "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null", "LC_ALL": "C",
               "GIT_AUTHOR_NAME": "A", "GIT_AUTHOR_EMAIL": "a@example.com",
               "GIT_COMMITTER_NAME": "C", "GIT_COMMITTER_EMAIL": "c@example.com"}


def random_of_test():
    """Random numbers; the seed is printed, and VARVE_TEST_SEED sets it, as of the C tests."""
    given = os.environ.get("VARVE_TEST_SEED", "1")
    seed = int(time.time()) if given == "time" else int(given, 0)
    print(f"VARVE_TEST_SEED={seed}", file=sys.stderr)
    return random.Random(seed)


# ---- git ----------------------------------------------------------------------------------------

def git(repository, *arguments, **options):
    """What git prints."""
    environment = {**ENVIRONMENT, **options.pop("env", {})}
    return subprocess.run(["git", "-C", str(repository), *arguments], env=environment, check=True,
                          stdout=subprocess.PIPE, **options).stdout


def export(repository, ref="HEAD"):
    return git(repository, *EXPORT, ref)


def make_awkward(folder, *arguments):
    subprocess.run(["sh", str(AWKWARD), str(folder), *arguments], env=ENVIRONMENT, check=True)
    return folder


def commit_id(number):
    """The id of a commit that a test makes up."""
    return f"{number + 1:040x}"


def commit_text(number, changes, seconds=None, parent=None):
    """One commit of a stream: marks of commits are 1,000,000 and up."""
    seconds = 1_000_000_000 + number if seconds is None else seconds
    parent = number - 1 if parent is None else parent
    origin = b"" if parent < 0 else b"from :%d\n" % (1_000_000 + parent)
    return (b"commit refs/heads/main\nmark :%d\noriginal-oid %s\n"
            b"committer A <a@b> %d +0000\ndata 0\n%s%s\n"
            % (1_000_000 + number, commit_id(number).encode(), seconds, origin, changes))


def blob_text(mark, data):
    return b"blob\nmark :%d\ndata %d\n%s\n" % (mark, len(data), data)


def stream(*parts):
    return b"feature done\n" + b"".join(parts) + b"done\n"


# ---- Stores -------------------------------------------------------------------------------------

# The clock's mark depends on the present, and the statistics are looked at by themselves.
_PASSED_OVER = ((b"\x01vc".hex() + "0001"), (b"\x01vs".hex() + "0001"))


def _dumping(store):
    return subprocess.Popen([str(BUILD / "tests" / "tools_helper_dump"), str(store)],
                            stdout=subprocess.PIPE, text=True)


def dump(store):
    """All records of a store but the clock's mark and the statistics, as lines."""
    with _dumping(store) as process:
        lines = [line.rstrip("\n") for line in process.stdout
                 if not line.startswith(_PASSED_OVER)]
    if process.returncode != 0:
        raise AssertionError("the dump failed")
    return lines


def dump_digest(store):
    """How many lines a dump has, and their checksum: for large ones."""
    checksum = hashlib.sha256()
    count = 0
    with _dumping(store) as process:
        for line in process.stdout:
            if not line.startswith(_PASSED_OVER):
                checksum.update(line.encode())
                count += 1
    if process.returncode != 0:
        raise AssertionError("the dump failed")
    return count, checksum.hexdigest()


def check_statistics(store):
    """The store keeps statistics, and they are those of a recount; nothing else is wrong either."""
    result = varve("check", str(store), "--json")
    if result.code != 0:
        raise AssertionError(f"{result.out} {result.err}")
    summary = result.objects()[-1]
    if summary["account"] != "equal":
        raise AssertionError(f"the statistics of {store} are {summary['account']}")
    return summary["kept"]


def cursor(store, name):
    """The cursor of an import, or None."""
    key = (b"\x01vi" + name.encode()).hex()
    result = varve("get", str(store), key, "--hex")
    return json.loads(bytes.fromhex(result.out.decode())) if result.code == 0 else None


def cursor_raw(**members):
    """The raw value of a cursor."""
    return raw_bytes(json.dumps(members, sort_keys=True, separators=(",", ":")).encode())


# ---- Killing ------------------------------------------------------------------------------------

def kill_within(data, size, seconds, *command):
    """Feed a command its input, and kill it when it has taken `size` bytes and some time."""
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE) as process:
        # What the pipe holds has not been taken yet, so it is small beside the input.
        for start in range(0, size, 1 << 16):
            process.stdin.write(data[start:min(start + (1 << 16), size)])
            process.stdin.flush()
        time.sleep(seconds)
        process.send_signal(signal.SIGKILL)
        complaint = process.stderr.read().decode()
    if process.returncode != -signal.SIGKILL:
        raise AssertionError(f"it ended before it was killed: {complaint}")


def kill_often(random_numbers, name, store, data, progress, wanted=10):
    """
    Import `data`, killed at random moments `wanted` times, each in its own part of the input so
    that it goes on in between.  `progress` takes a cursor and tells how far it is, from 0 to 1.
    Returns how far the import was after each kill that hit it between its first commit and its
    last, with something new in the store.  A kill that came before anything new was there is
    tried again with more time, as slow machines need it.
    """
    hits = []
    before = 0
    for number in range(wanted):
        share = (number + random_numbers.uniform(0.5, 1)) / (wanted + 0.5)
        seconds = random_numbers.uniform(0, 0.01)
        after = before
        while after == before and seconds < 30:
            kill_within(data, int(len(data) * share), seconds, VARVE, "import", name, str(store),
                        "-")
            after = progress(cursor(store, name))
            seconds = 3 * seconds + 0.01
        if after > 0:
            check_statistics(store)
        if before < after < 1:
            hits.append(after)
        before = after
    return hits


# ---- Large inputs and memory --------------------------------------------------------------------

def write_large_tsv(path, wanted):
    """
    A file of at least that many bytes: 20,000 keys, each with many versions, one in fifty a
    deletion.  Returns its size and how many records it has.
    """
    filler = bytes(range(0x21, 0x5B)) * 4
    size = 0
    number = 0
    with open(path, "wb") as file:
        while size < wanted:
            lines = []
            for _ in range(1000):
                key = number * 7919 % 20_000
                value = b"\\N" if number % 50 == 0 else \
                    b"%d %s" % (number, filler[:60 + number % 140])
                lines.append(b"key/%05d\t%s\t@%d.5\n" % (key, value, 1_000_000_000 + number))
                number += 1
            size += file.write(b"".join(lines))
    return size, number


_MEASURE = """
import resource, subprocess, sys
code = subprocess.run(sys.argv[1:], stderr=subprocess.DEVNULL).returncode
print(code, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def peak_memory(*command):
    """
    Run a command; the most bytes it had resident.  A process of its own does it, because what the
    parent has counts for its children, too.
    """
    output = subprocess.run([sys.executable, "-c", _MEASURE, *command], check=True,
                            stdout=subprocess.PIPE, text=True).stdout
    code, kibibytes = (int(number) for number in output.split())
    if code != 0:
        raise AssertionError(f"{command} ended with exit code {code}")
    return kibibytes * 1024
