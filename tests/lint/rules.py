"""The rules of the source tree.

Each rule is a function that takes a Tree (and what else it needs) and returns a list of findings,
"file:line: what is wrong and what to do".  test_lint.py holds the tree to them, and test_rules.py
holds the rules to small samples that are wrong.
"""

import collections
import re

from tree import LIBRARY, code_only, folder_of, functions

# ---- Layers -------------------------------------------------------------------------------------

# What each folder may include of ours.  Arrows point down only.
_UP_TO_ENGINE = ("include/varve", "util", "format", "engine")
MAY_INCLUDE = {
    "include/varve": ("include/varve",),
    "util": ("include/varve", "util"),
    "format": ("include/varve", "util", "format"),
    "engine": _UP_TO_ENGINE,
    "engine/mem": (*_UP_TO_ENGINE, "engine/mem"),
    "engine/rocksdb": (*_UP_TO_ENGINE, "engine/rocksdb"),
    "mvcc": (*_UP_TO_ENGINE, "mvcc"),
    "jobs": (*_UP_TO_ENGINE, "mvcc", "jobs"),
    "tools": ("include/varve", "tools"),
    "bench": ("include/varve", "bench", "bench/contenders"),
    "bench/contenders": ("include/varve", "bench", "bench/contenders"),
    "examples": ("include/varve", "examples"),
}

# Headers that CMake generates beside the public ones.
GENERATED = ("include/varve/version.h",)

ROCKSDB_FOLDERS = ("engine/rocksdb/", "bench/contenders/", "tests/engine/rocksdb/")

_INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.MULTILINE)


def _line_of(text, offset):
    return text.count("\n", 0, offset) + 1


def _includes(text):
    """(line, "<" or '"', name) of each include that is not in a comment."""
    commented = code_only(text)
    for match in _INCLUDE.finditer(text):
        if commented[match.start():match.start(1)].strip():
            yield _line_of(text, match.start()), match.group(1), match.group(2)


def _resolve(tree, path, name):
    """The file that `#include "name"` in `path` means, or None.  The tool's root is tools/."""
    roots = ["tools/", path.rsplit("/", 1)[0] + "/"] if path.startswith("tools/") else [""]
    return next((root + name for root in roots if root + name in tree.paths), None)


def _include_fault(tree, path, bracket, name):
    """What is wrong with one include, or None."""
    if bracket == "<":
        if not name.startswith("varve/"):
            return None
        target = "include/" + name
        if target not in tree.paths and target not in GENERATED:
            return f"<{name}> does not exist"
    else:
        if name.startswith(("varve/", "include/")):
            return f'write <varve/...> instead of "{name}"'
        target = _resolve(tree, path, name)
        if target is None:
            return f'"{name}" is not a path from the root of what this folder may see'
    allowed = MAY_INCLUDE.get(folder_of(path))
    if allowed is not None and folder_of(target) not in allowed:
        return f"{folder_of(path)}/ may include only {', '.join(allowed)}; not {target}"
    return None


def include_direction(tree):
    """A folder includes only itself and those below it."""
    findings = []
    for path, text in tree.c_files():
        for line, bracket, name in _includes(text):
            fault = _include_fault(tree, path, bracket, name)
            if fault:
                findings.append(f"{path}:{line}: {fault}")
    return findings


def rocksdb_confined(tree):
    """RocksDB's headers stay in the folders that exist to know RocksDB."""
    return [f"{path}:{line}: <{name}> only in {', '.join(ROCKSDB_FOLDERS)}; use <varve/engine.h>"
            for path, text in tree.c_files() if not path.startswith(ROCKSDB_FOLDERS)
            for line, _, name in _includes(text) if name.startswith("rocksdb/")]


# ---- Calls --------------------------------------------------------------------------------------

BANNED_EVERYWHERE = {
    "strcpy": "memcpy with a known size, or snprintf",
    "strcat": "snprintf",
    "sprintf": "snprintf",
    "vsprintf": "vsnprintf",
    "gets": "fgets or getline",
    "strtok": "strchr or strcspn",
    "atoi": "strtol, and look at the end pointer and errno",
    "atol": "strtol, and look at the end pointer and errno",
    "atof": "strtod, and look at the end pointer and errno",
}

_ALLOCATION = {
    "malloc": "varve__malloc",
    "calloc": "varve__malloc and memset",
    "realloc": "varve__realloc",
    "reallocarray": "varve__realloc",
    "free": "varve__free",
    "strdup": "varve__malloc and memcpy",
    "strndup": "varve__malloc and memcpy",
    "asprintf": "snprintf into a buffer",
    "vasprintf": "vsnprintf into a buffer",
}

_ENDS_THE_HOST = dict.fromkeys(
    ("abort", "exit", "_exit", "quick_exit", "assert"),
    "return varve__fail(err, VARVE_INTERNAL, ...): the host goes on")

_OUTPUT = dict.fromkeys(
    ("printf", "fprintf", "vprintf", "vfprintf", "puts", "fputs", "putchar", "fputc", "perror"),
    "report through varve_error or the log callback")

BANNED_IN_LIBRARY = {**_ALLOCATION, **_ENDS_THE_HOST, **_OUTPUT}

ALLOCATION_SEAM = "util/alloc.c"


def _banned_for(path):
    banned = dict(BANNED_EVERYWHERE)
    if path.startswith((*(f"{folder}/" for folder in LIBRARY), "include/varve/")):
        banned.update(BANNED_IN_LIBRARY)
    if path == ALLOCATION_SEAM:
        for name in _ALLOCATION:
            del banned[name]
    return banned


def banned_calls(tree):
    """Calls that have a better one, named in the finding.  Members of that name are fine."""
    findings = []
    for path, text in tree.c_files():
        banned = _banned_for(path)
        pattern = r"(?<![\w.])(?<!->)(" + "|".join(banned) + r")\s*\("
        code = code_only(text)
        for match in re.finditer(pattern, code):
            name = match.group(1)
            findings.append(f"{path}:{_line_of(code, match.start())}: "
                            f"{name}() is banned here: {banned[name]}")
    return findings


# ---- Shape --------------------------------------------------------------------------------------

FUNCTION_LINES_MAX = 70
LINE_COLUMNS_MAX = 100
LONG_FUNCTIONS = "tests/lint/long_functions.txt"


def _long_functions_allowed(tree, findings):
    """{(path, function): line of the list}; entries that cannot be read become findings."""
    allowed = {}
    for number, line in enumerate((tree.text(LONG_FUNCTIONS) or "").split("\n"), 1):
        if not line.strip() or line.startswith("#"):
            continue
        match = re.fullmatch(r"(\S+) (\w+): \S.*", line)
        if match:
            allowed[match.group(1), match.group(2)] = number
        else:
            findings.append(f"{LONG_FUNCTIONS}:{number}: not \"path function: reason\"")
    return allowed


def function_length(tree):
    """Functions fit on a page, save those listed with a reason; the list has no stale entry."""
    findings = []
    allowed = _long_functions_allowed(tree, findings)
    for path, text in tree.c_files():
        for name, first, last in functions(text):
            lines = last - first + 1
            if lines > FUNCTION_LINES_MAX and allowed.pop((path, name), None) is None:
                findings.append(f"{path}:{first}: {name} has {lines} lines, more than "
                                f"{FUNCTION_LINES_MAX}: split it")
    findings.extend(f"{LONG_FUNCTIONS}:{number}: {path} has no long function {name}: remove it"
                    for (path, name), number in allowed.items())
    return findings


# Texts that are kept as they are: what is expected of histories may end in blanks.
BYTE_FOR_BYTE = ("LICENSE", "tests/testdata/", "tests/histories/cases/", "docs/pictures/")


def line_shape(tree):
    """No line is too long, no blanks trail, no tabs indent (Makefiles need theirs)."""
    findings = []
    for path, text in tree.texts():
        is_code = path.endswith((".c", ".h", ".py", ".sh", ".cmake", "CMakeLists.txt"))
        for number, line in enumerate(text.split("\n"), 1):
            where = f"{path}:{number}"
            if is_code and len(line) > LINE_COLUMNS_MAX:
                findings.append(f"{where}: {len(line)} columns, more than {LINE_COLUMNS_MAX}")
            if is_code and "\t" in line:
                findings.append(f"{where}: a tab: use spaces, or \\t in a string")
            if line != line.rstrip() and not path.startswith(BYTE_FOR_BYTE):
                findings.append(f"{where}: trailing blanks")
    return findings


# Spelled in pieces, so that this file passes its own rule.
UNFINISHED = ("TO" + "DO", "FIX" + "ME", "X" * 3, "HA" + "CK")
COVERAGE_HOLES = ("GCOV_" + "EXCL", "LCOV_" + "EXCL", "GCOVR_" + "EXCL")


def no_unfinished_marks(tree):
    """Nothing is left for later in a comment, and nothing is hidden from the coverage."""
    words = re.compile(r"\b(" + "|".join(UNFINISHED) + r")\b|(" + "|".join(COVERAGE_HOLES) + ")")
    return [f"{path}:{_line_of(text, match.start())}: {match.group()}: do it now, or open an issue"
            for path, text in tree.texts() if not path.startswith("LICENSE")
            for match in words.finditer(text)]


# ---- Public headers -----------------------------------------------------------------------------

_DECLARATION = re.compile(r"^(?:VARVE_API\b|static inline\b)", re.MULTILINE)
_NAME = re.compile(r"\b(varve_\w+)\s*\(")


def _public_declarations(tree):
    """(path, line, lines before it, text from it on) of each public function."""
    for path in tree.public_headers():
        text = tree.text(path)
        lines = text.split("\n")
        for match in _DECLARATION.finditer(text):
            line = _line_of(text, match.start())
            yield path, line, lines[:line - 1], text[match.start():]


def public_functions_documented(tree):
    """A comment ends right above each public function, or above the group it stands in."""
    findings = []
    for path, line, before, rest in _public_declarations(tree):
        while before and before[-1].strip() and not before[-1].rstrip().endswith("*/"):
            before = before[:-1]
        if not before or not before[-1].rstrip().endswith("*/"):
            name = _NAME.search(rest)
            findings.append(f"{path}:{line}: {name.group(1) if name else 'this'} "
                            "has no comment directly above")
    return findings


def exported_functions(tree):
    """The names that public headers promise to export."""
    names = set()
    for _, _, _, rest in _public_declarations(tree):
        if rest.startswith("VARVE_API"):
            names.add(_NAME.search(rest.split(";", 1)[0]).group(1))
    return names


# ---- Symbols ------------------------------------------------------------------------------------

def shared_symbols(names, declared):
    """`names`, the exports of libvarve.so, are the public functions, no more and no less."""
    findings = [f"libvarve.so: exports {name}: public names are varve_..., internal ones hidden"
                for name in sorted(names) if not re.match(r"varve_[^_]", name)]
    findings += [f"libvarve.so: exports {name}, which no public header declares"
                 for name in sorted(names - declared) if re.match(r"varve_[^_]", name)]
    findings += [f"libvarve.so: does not export {name}, which a public header declares"
                 for name in sorted(declared - names)]
    return findings


def static_symbols(names):
    """`names`, the global symbols of libvarve.a, cannot clash with those of a program."""
    return [f"libvarve.a: global symbol {name}: begin it with varve_ or varve__, or make it static"
            for name in sorted(names) if not name.startswith("varve_")]


# ---- Documents ----------------------------------------------------------------------------------

_FENCE = re.compile(r"^(```|~~~).*?^\1[^\n]*$", re.MULTILINE | re.DOTALL)
_CODE_SPAN = re.compile(r"`[^`\n]*`")
_LINK = re.compile(r"!?\[[^\]]*\]\(\s*<?([^)\s>]+)>?[^)]*\)|^\[[^\]]+\]:\s*(\S+)", re.MULTILINE)
_HEADING = re.compile(r"^#{1,6}[ \t]+(.*?)[ \t]*#*$", re.MULTILINE)


def _blanked(pattern, text):
    return pattern.sub(lambda match: re.sub(r"[^\n]", " ", match.group()), text)


def _anchors(text):
    """The anchors GitHub gives to the headings of a document."""
    seen = collections.Counter()
    anchors = set()
    for match in _HEADING.finditer(_blanked(_FENCE, text)):
        title = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", match.group(1)).lower()
        slug = re.sub(r"[^\w\- ]", "", title).replace(" ", "-")
        anchors.add(slug if seen[slug] == 0 else f"{slug}-{seen[slug]}")
        seen[slug] += 1
    return anchors


def _link_fault(tree, path, target):
    """What is wrong with one link, or None."""
    if re.match(r"[a-z][a-z0-9+.-]*:", target):
        return None
    name, _, anchor = target.partition("#")
    file = (tree.root / path).parent / name if name else tree.root / path
    if not file.exists():
        return f"{target}: no such file"
    if anchor and file.suffix == ".md" and anchor not in _anchors(file.read_text("utf-8")):
        return f"{target}: no heading makes that anchor"
    return None


def document_links(tree):
    """Links between documents lead somewhere."""
    findings = []
    for path, text in tree.texts():
        if not path.endswith(".md"):
            continue
        prose = _blanked(_CODE_SPAN, _blanked(_FENCE, text))
        for match in _LINK.finditer(prose):
            fault = _link_fault(tree, path, match.group(1) or match.group(2))
            if fault:
                findings.append(f"{path}:{_line_of(text, match.start())}: {fault}")
    return findings
