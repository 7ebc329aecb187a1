"""The names of docs/api-map.md as a program that takes the address of each.

    api_map.py DOCUMENT OUT.c INCLUDES

In the document, `name()` is a function, `NAME` a constant, and `name` a type.
"""

import pathlib
import re
import sys

PROGRAM = """\
/* Made from {document}. */
#include <stdio.h>

{includes}

typedef void (*function)(void);

static const struct {{
    const char *name;
    function function;
}} functions[] = {{
{functions}
}};

static const size_t types[] = {{
{types}
}};

static const long long constants[] = {{
{constants}
}};

int main(void)
{{
    size_t bytes = 0;
    long long sum = 0;
    for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++) {{
        if (functions[i].function == NULL)
            return 1;
    }}
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        bytes += types[i];
    for (size_t i = 0; i < sizeof constants / sizeof constants[0]; i++)
        sum += constants[i];
    printf("%zu functions, %zu bytes of types, sum of constants %lld\\n",
           sizeof functions / sizeof functions[0], bytes, sum);
    return 0;
}}
"""


class Row:
    """One line of a table."""

    def __init__(self, line, there, here, headers):
        self.line = line
        self.there = there
        self.here = here
        self.headers = headers


def rows_of(text):
    """The rows of all tables."""
    rows = []
    for number, line in enumerate(text.split("\n"), 1):
        if not line.startswith("| `"):
            continue
        cells = [re.findall(r"`([^`]+)`", cell) for cell in line.strip("|").split("|")]
        rows.append(Row(number, cells[0][0], cells[1], [name.strip("<>") for name in cells[2]]))
    return rows


def all_names(rows):
    return sorted({name for row in rows for name in row.here})


def functions_of(rows):
    return [name[:-2] for name in all_names(rows) if name.endswith("()")]


def constants_of(rows):
    return [name for name in all_names(rows) if name.isupper()]


def types_of(rows):
    return [name for name in all_names(rows) if not name.endswith("()") and not name.isupper()]


def size_of(name, declared):
    """Of a type whose members are hidden, the size of a pointer."""
    return f"sizeof({name})" if re.search(rf"^}} {name};", declared, re.MULTILINE) \
        or re.search(rf"^struct {name} {{", declared, re.MULTILINE) else f"sizeof({name} *)"


def program(document, declared):
    """The text of the program; `declared` is that of all headers."""
    rows = rows_of(document.read_text("utf-8"))
    headers = sorted({header for row in rows for header in row.headers})
    # An initialiser in braces is no number; it is there if it is defined.
    numbers = [name for name in constants_of(rows) if not name.endswith("_INIT")]
    return PROGRAM.format(
        document=document.name,
        includes="\n".join(f"#include <{header}>" for header in headers),
        functions="\n".join(f'    {{"{name}", (function){name}}},' for name in functions_of(rows)),
        types="\n".join(f"    {size_of(name, declared)}," for name in types_of(rows)),
        constants="\n".join(f"    {name}," for name in numbers))


def main(arguments):
    document, out, folder = map(pathlib.Path, arguments)
    declared = "".join(path.read_text("utf-8") for path in sorted(folder.glob("varve/*.h")))
    out.write_text(program(document, declared), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
