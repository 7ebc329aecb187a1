"""The screens of docs/tool.md: what commands draw on terminals of 80 and 120 columns.

    VARVE_BIN=build/dev/bin/varve VARVE_BUILD_DIR=build/dev python3 tests/tools/screens.py

writes them into the document anew; test_screens.py compares.  A block is the one behind a line
`<!-- screen: COLUMNS COMMAND -->`, where the store is called `store`.
"""

import fcntl
import os
import pathlib
import pty
import random
import re
import shlex
import struct
import subprocess
import tempfile
import termios

from toolkit import SECOND, SOURCE, VARVE, Writer, raw_bytes

DOCUMENT = SOURCE / "docs" / "tool.md"
BLOCK = re.compile(r"(<!-- screen: (\d+) ([^\n]*?) -->\n```text\n)(.*?)(```\n)", re.DOTALL)

T = 1_700_000_000 * SECOND
DAY = 86_400 * SECOND


def fill(path):
    """A store with a history: settings that change, sessions that end, one counter that is busy."""
    chance = random.Random(1)
    with Writer(path) as store:
        for number in range(40):
            store.put(f"page/{number:02}".encode(), T + number * SECOND,
                      raw_bytes(chance.randbytes(3000)))
        for day in range(30):
            store.put(b"settings", T + day * DAY, raw_bytes(chance.randbytes(300 + 20 * day)))
        store.flush()
        store.compact()
        for number in range(60):
            key = f"session/{number % 12:02}".encode()
            store.put(key, T + (number + 1) * DAY // 4, raw_bytes(chance.randbytes(100)))
        for number in range(12):
            store.delete(f"session/{number:02}".encode(), T + 16 * DAY + number * SECOND)
        for number in range(200):
            store.put(b"visits", T + number * number * DAY // 2000, raw_bytes(b"%d" % number))
        store.delete(b"visits", T + 25 * DAY)
        store.flush()


def run_on_terminal(columns, arguments, environment=()):
    """What the tool writes on a terminal of so many columns, as text."""
    terminal, program_side = pty.openpty()
    fcntl.ioctl(program_side, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    settings = termios.tcgetattr(program_side)
    settings[1] &= ~termios.OPOST  # lines end as they are written
    termios.tcsetattr(program_side, termios.TCSANOW, settings)
    clean = {name: value for name, value in os.environ.items() if name != "COLUMNS"}
    with subprocess.Popen([VARVE, *arguments], stdout=program_side, stderr=subprocess.PIPE,
                          env={**clean, "LC_ALL": "C.UTF-8", **dict(environment)}) as process:
        os.close(program_side)
        shown = b""
        while True:
            try:
                more = os.read(terminal, 65536)
            except OSError:  # the other side is closed
                break
            if not more:
                break
            shown += more
        os.close(terminal)
        error = process.stderr.read()
    if process.returncode != 0:
        raise RuntimeError(error.decode())
    return shown.decode()


def screen(folder, columns, command):
    """One of them, of the store in `folder`."""
    arguments = [os.path.join(folder, "store") if word == "store" else word
                 for word in shlex.split(command)[1:]]
    text = run_on_terminal(columns, arguments)
    return "\n".join(line.rstrip() for line in text.splitlines()) + "\n"


def redraw(document, folder):
    """The document with all its screens made anew."""
    def draw(match):
        made = screen(folder, int(match[2]), match[3])
        return f"{match[1]}$ {match[3]}\n{made}{match[5]}"
    return BLOCK.sub(draw, document)


def main():
    with tempfile.TemporaryDirectory(prefix="varve-test-") as folder:
        fill(pathlib.Path(folder) / "store")
        DOCUMENT.write_text(redraw(DOCUMENT.read_text("utf-8"), folder), "utf-8")


if __name__ == "__main__":
    main()
