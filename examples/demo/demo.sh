#!/bin/sh
# Import the history of a git repository, look at it at different times, and prove it against git:
#
#     demo.sh VARVE [REPOSITORY]
#
# VARVE is the tool, REPOSITORY a git repository, or the one this script lies in.  A second
# repository, made to be awkward, goes the same way.  Everything is written to a temporary folder,
# which is removed at the end.
set -eu

if [ $# -lt 1 ] || [ $# -gt 2 ]; then
    echo "usage: $0 VARVE [REPOSITORY]" >&2
    exit 2
fi
here=$(cd "$(dirname "$0")" && pwd)
tool=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
repository=${2:-$here}

fail()
{
    echo "demo: $*" >&2
    exit 1
}

[ -x "$tool" ] || fail "$1 is not a program; build it with \`make release\`"
[ -d "$repository" ] || fail "$repository is no folder"
git -C "$repository" rev-parse --git-dir >/dev/null 2>&1 ||
    fail "$repository is not in a git repository; name one: make demo REPO=path"
git -C "$repository" rev-parse --verify --quiet 'HEAD^{commit}' >/dev/null ||
    fail "$repository has no commit yet; name another one: make demo REPO=path"

top=$(git -C "$repository" rev-parse --show-toplevel 2>/dev/null) || top=$repository
repository=$(cd "$top" && pwd)

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT PIPE TERM
cd "$work"

# ---- Steps --------------------------------------------------------------------------------------

title()
{
    printf '\n==== %s\n' "$*"
}

# show ARGUMENT...: run the tool, after the command as one would type it.
show()
{
    printf '\n$ varve'
    for argument; do
        case $argument in
        *[!A-Za-z0-9_./:=@+-]*) printf " '%s'" "$argument" ;;
        *) printf ' %s' "$argument" ;;
        esac
    done
    printf '\n'
    "$tool" "$@"
}

# Its first lines, cut to the width of a page, without control characters.
excerpt()
{
    head -n "$1" | cut -c 1-100 | LC_ALL=C tr -d '\000-\010\013-\037\177'
}

# What an import of one first-parent line reads.
export_line()
{
    git -C "$1" fast-export --first-parent --show-original-ids --reencode=no \
        --signed-tags=strip --tag-of-filtered-object=drop --use-done-feature HEAD
}

# number NAME FILE: a member of the JSON object in a file.
number()
{
    sed -n "s/.*\"$1\": \([0-9.e-]*\).*/\1/p" "$2"
}

# bring REPOSITORY STORE: import, and keep the numbers.
bring()
{
    printf '\n$ git fast-export --first-parent ... HEAD | varve import git %s -\n' "$2"
    export_line "$1" | "$tool" import --json git "$2" - >"$2.import"
    printf '%s commits, %s versions, %s of them deletions, in %.2f s\n' \
        "$(number commits "$2.import")" "$(number versions "$2.import")" \
        "$(number deletions "$2.import")" "$(number seconds "$2.import")"
}

# prove REPOSITORY STORE REF: compare with git, and keep the numbers.
prove()
{
    printf '\n$ varve verify git %s %s --ref %s\n' "$2" "$1" "$3"
    code=0
    "$tool" verify --json git "$2" "$1" --ref "$3" >"$2.verify" || code=$?
    if [ $code -ne 0 ]; then
        cat "$2.verify"
        fail "the store differs from $1"
    fi
    printf 'no difference in %s pairs of path and commit and %s listings; seed %s\n' \
        "$(number pairs "$2.verify")" "$(number listings "$2.verify")" \
        "$(number seed "$2.verify")"
}

# examine STORE: check all records, and count the statistics that the import has kept.
examine()
{
    show check "$1" || fail "something in the store of $1 does not fit together"
    show stats recount "$1" || fail "the statistics of the store $1 are wrong"
    "$tool" stats recount --json "$1" | grep -q '"account": "equal"' ||
        fail "the store $1 keeps no statistics"
}

# collect STORE: all but the newest version of each key, after a look at what would go; what is seen
# now stays, and the past is refused rather than shown with holes.
collect()
{
    "$tool" scan "$1" >"$1.before"
    show gc estimate "$1" --keep 1
    show gc run "$1" --write --keep 1 || fail "the garbage of the store $1 cannot be collected"
    "$tool" scan "$1" | cmp -s - "$1.before" || fail "the collection changed what is seen now"
    printf '\nwhat is seen now has stayed; earlier times are refused:\n'
    ! show scan "$1" --at @1600000011 2>&1 || fail "a time is read whose versions are gone"
    examine "$1"
}

# changed REPOSITORY [ARGUMENT...]: paths that commits of the line have changed, one on each line.
changed()
{
    at=$1
    shift
    git -C "$at" -c log.showRoot=true -c diff.relative=false log --first-parent \
        --diff-merges=first-parent --no-renames --format= --name-only "$@"
}

# summary NAME STORE
summary()
{
    printf '%s\n' "$1"
    printf '  imported   %7s commits, %s versions (%s deletions) in %.2f s\n' \
        "$(number commits "$2.import")" "$(number versions "$2.import")" \
        "$(number deletions "$2.import")" "$(number seconds "$2.import")"
    printf '  equal      %7s pairs of path and commit: %s absent (%s deleted), %s executables,\n' \
        "$(number pairs "$2.verify")" "$(number absent "$2.verify")" \
        "$(number deleted "$2.verify")" "$(number executables "$2.verify")"
    printf '                     %s symbolic links, %s submodules\n' \
        "$(number symlinks "$2.verify")" "$(number submodules "$2.verify")"
    printf '  equal      %7s whole listings with %s entries: modes, object ids, paths\n' \
        "$(number listings "$2.verify")" "$(number entries "$2.verify")"
}

# ---- One repository -----------------------------------------------------------------------------

title "The history of $repository"
if [ "$(git -C "$repository" rev-parse --is-shallow-repository)" = true ]; then
    printf '\nThis is a shallow clone: its history begins at the commits where it was cut off.\n'
fi
# Somebody may commit to it while this runs.
head=$(git -C "$repository" rev-parse HEAD)
bring "$repository" history

# The file that was changed most often; names that git would quote, or that look like options, are
# left to the other repository.
file=$(changed "$repository" --diff-filter=AMT HEAD | grep -v -e '^"' -e '^-' -e '^$' | sort |
    uniq -c | sort -k 1,1nr -k 2 | sed -n '1s/^ *[0-9]* //p') || file=
if [ -n "$file" ]; then
    first=$("$tool" history history "$file" --json | grep -v '"deleted"' | tail -n 1 |
        sed -n 's/.*"commit": "\([0-9a-f]*\)".*/\1/p' | cut -c 1-12)

    title "The versions of one file"
    show history history "$file" --limit 10

    title "The file when it was new"
    show get history "$file" --at "commit:$first" | excerpt 12

    title "Its folder at that time"
    case $file in
    */*) show scan history --tree --prefix "${file%/*}/" --at "commit:$first" --limit 12 ;;
    *) show scan history --tree --at "commit:$first" --limit 12 ;;
    esac
fi

title "The tree of table files"
show lsm history

title "Held against git"
prove "$repository" history "$head"

title "Checked, record by record, and the statistics held against a recount"
examine history

# ---- The awkward one ----------------------------------------------------------------------------

title "A repository made to be awkward"
sh "$here/make-awkward-repo.sh" awkward.git
bring awkward.git awkward

title "A file that became a folder, a link, a folder, and a file again"
show history awkward shape
show history awkward shape/inner
show scan awkward --tree --prefix shape --at @1600000011

title "Held against git"
prove awkward.git awkward HEAD

title "Checked, record by record, and the statistics held against a recount"
examine awkward

title "Garbage: what a newer version has taken the place of"
collect awkward

# ---- What came of it ----------------------------------------------------------------------------

title "Summary"
printf '\n'
summary "$repository" history
summary "a repository made to be awkward" awkward
printf '\nEvery file read as of a commit had the content and mode that git has there, and the\n'
printf 'statistics that are kept are those of a recount, after the collection of garbage, too.\n'
