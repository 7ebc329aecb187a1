#!/bin/sh
# Make a small git repository with everything that makes histories hard to import:
#
#     make-awkward-repo.sh DIRECTORY [OBJECT-FORMAT]
#
# merges (plain, of three, with changes of their own, taking nothing), renames, mode changes,
# symbolic links, submodules, files that become folders and back, odd names and contents, empty
# commits, an empty tree, commit times that repeat, run backwards and begin at 0.
#
# The same each time: names, times and contents are fixed, and no configuration is read.  It is
# built from objects, without a working tree, as no file system takes all of these names.
set -eu

if [ $# -lt 1 ] || [ $# -gt 2 ]; then
    echo "usage: $0 DIRECTORY [sha1|sha256]" >&2
    exit 2
fi

unset GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE GIT_OBJECT_DIRECTORY
export GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null LC_ALL=C
export GIT_AUTHOR_NAME='An Author' GIT_AUTHOR_EMAIL=author@example.com
export GIT_COMMITTER_NAME='Committer <odd' GIT_COMMITTER_EMAIL=committer@example.com

git init --quiet --bare --initial-branch=main --object-format="${2:-sha1}" "$1"
cd "$1"

# ---- Steps --------------------------------------------------------------------------------------

head=
no_id=$(git hash-object --stdin </dev/null | tr 0-9a-f 0)

# put MODE PATH: standard input becomes the content of a file.
put()
{
    id=$(git hash-object -w --stdin)
    printf '%s %s 0\t%s\0' "$1" "$id" "$2" | git update-index -z --index-info
}

# text PATH LINE...: a plain file.
text()
{
    path=$1
    shift
    printf '%s\n' "$@" | put 100644 "$path"
}

# submodule PATH SEED: a commit of another repository, which need not exist here.
submodule()
{
    id=$(printf '%s' "$2" | git hash-object --stdin)
    printf '160000 %s 0\t%s\0' "$id" "$1" | git update-index -z --index-info
}

# drop PATH...
drop()
{
    for path; do
        printf '0 %s 0\t%s\0' "$no_id" "$path" | git update-index -z --index-info
    done
}

# commit SECONDS MESSAGE [PARENT...]: what is in the index, on top of `head` and these.
commit()
{
    GIT_COMMITTER_DATE="@$1 +0000"
    GIT_AUTHOR_DATE="@1234567890 -0730"
    export GIT_COMMITTER_DATE GIT_AUTHOR_DATE
    message=$2
    shift 2
    parents=
    for parent in $head "$@"; do
        parents="$parents -p $parent"
    done
    # shellcheck disable=SC2086  # a list of options
    head=$(printf '%s' "$message" | git commit-tree "$(git write-tree)" $parents)
}

# go COMMIT: the index as of there.
go()
{
    head=$1
    git read-tree "$head"
}

# ---- The beginning: times that repeat, run backwards, and begin at 0 ----------------------------

text README 'An awkward repository.' ''
text dir/a 'the same content'
text dir/b 'the same content'
printf '#!/bin/sh\nexit 0\n' | put 100755 run.sh
printf 'README' | put 120000 link
commit 0 'At the beginning of time'

text README 'An awkward repository.' 'Edited in the same second.'
commit 0 'The same second'

text README 'An awkward repository.' 'Edited one second later.'
commit 1 'One second later'

text jump 'Many years later.'
commit 1600000000 'Many years later'

printf '#!/bin/sh\nexit 0\n' | put 100644 run.sh
printf 'README' | put 100755 dir/b
commit 1599990000 'Modes change while the clock runs backwards'

printf '#!/bin/sh\nexit 0\n' | put 100755 run.sh
commit 1599990000 'And one changes back'

drop dir/a
text dir/renamed 'the same content'
commit 1600000000 'A file is renamed'

commit 1600000001 'Nothing changes'
commit 1600000001 ''

# ---- Files, folders, links and submodules take each other's places ------------------------------

text shape 'a file'
text shape-x 'sorts before shape/'
text shape.x 'sorts before shape/, too'
text shape0 'sorts behind shape/'
commit 1600000010 'A file, with neighbours'

drop shape
text shape/inner 'a folder now'
text shape/deep/er 'with a folder in it'
commit 1600000011 'The file becomes a folder'

drop shape/inner shape/deep/er
printf 'shape-x' | put 120000 shape
commit 1600000012 'The folder becomes a symbolic link'

drop shape
text shape/inner 'a folder again'
commit 1600000013 'The link becomes a folder'

drop shape/inner
text shape 'a file' 'again'
commit 1600000014 'The folder becomes a file'

drop link
printf 'no longer a link' | put 100644 link
commit 1600000015 'A link becomes a file'

printf 'dir/../dir/b' | put 120000 link
commit 1600000016 'And a link again'

submodule vendor/lib one
commit 1600000020 'A submodule'

submodule vendor/lib two
commit 1600000021 'The submodule moves on'

drop vendor/lib
text vendor/lib/file 'not a submodule any more'
commit 1600000022 'The submodule becomes a folder'

drop vendor/lib/file
submodule vendor three
commit 1600000023 'The folder above it becomes a submodule'

drop vendor
commit 1600000024 'The submodule is gone'

# ---- Names --------------------------------------------------------------------------------------

# odd OCTAL: a file whose name is given as an argument of printf.
odd()
{
    name=$(printf '%b.' "$1")
    name=${name%.}
    text "$name" "$1"
}

odd 'with blank'
odd ' leading blank'
odd 'trailing blank '
odd '-leading-dash'
odd '--help'
odd 'quo"te'
odd '"quoted"'
odd "it's"
odd 'back\\slash'
odd 'back\\\\n'
odd 'new\nline'
odd '\nfirst newline'
odd 'last newline\n'
odd 'tab\ttab'
odd 'bell\a'
odd '\0002first byte allowed'
odd 'delete\0177'
odd 'sch\0303\0266n'
odd '\0346\0227\0245\0346\0234\0254'
odd '\0360\0237\0220\0230'
odd 'latin-1 \0344'
odd 'not \0355\0240\0200 utf-8'
odd '\0200\0201\0376\0377'
odd '\0377\0376 just below the end of keys'
odd '*?[a]'
odd '\0044HOME'
odd '\0140id\0140'
odd '%s%n'
odd ':1'
odd ':(top)x'
odd '@{u}'
odd 'HEAD'
odd 'inline x'
odd '#comment'
odd '.hidden'
odd '...'
odd 'a -> b'
odd 'b/ c /d'
odd '\0303\0244/\0344/\t'
odd 'n:1/of/m'
long=$(printf '%0250d' 0)
text "$long" 'a long name'
text "x$long/$long/$long/$long" 'a long path'
commit 1600000100 'Odd names'

drop 'with blank' '"quoted"' 'new
line'
text '--help' 'changed'
text '*?[a]' 'changed'
commit 1600000101 'Odd names change and go'

text 'with blank' 'back'
commit 1600000102 'An odd name comes back'

# ---- Contents and messages ----------------------------------------------------------------------

: | put 100644 contents/empty
printf 'no newline at the end' | put 100644 contents/unfinished
printf '\n' | put 100644 contents/newline
printf 'a\000b\000' | put 100644 contents/nul
printf 'a\r\nb\r\n' | put 100644 contents/crlf
printf 'done\n' | put 100644 contents/done
printf 'blob\nmark :1\ndata 3\nxy\ncommit refs/heads/main\nM 100644 :1 x\n' |
    put 100644 contents/stream
printf '\377\376\000\001' | put 100644 contents/binary
awk 'BEGIN { for (i = 0; i < 60000; i++) print i, i * i }' | put 100644 contents/large
commit 1600000110 'data 5
done
from :1
'

: | put 100644 contents/newline
printf 'a\000c\000' | put 100644 contents/nul
drop contents/empty
git config i18n.commitEncoding ISO-8859-1
commit 1600000111 "$(printf 'Latin-1: \344')"
git config --unset i18n.commitEncoding
awk 'BEGIN { for (i = 0; i < 60000; i++) print i, i * i + (i == 30000) }' |
    put 100644 contents/large
commit 1600000112 'One line of many'

# ---- Merges -------------------------------------------------------------------------------------

fork=$head
text side/one 'from the side'
text dir/b 'changed on the side'
commit 1600000200 'On the side'
text side/two 'from the side, too'
drop dir/renamed
commit 1600000201 'On the side, further'
side=$head

go "$fork"
text main-only 'meanwhile'
commit 1600000202 'Meanwhile'
text side/one 'from the side'
text side/two 'from the side, too'
text dir/b 'changed on the side'
drop dir/renamed
commit 1600000203 'A merge brings files in, changes and removes some' "$side"

main=$head
text side/three 'not wanted'
commit 1600000204 'On a side that is not wanted'
unwanted=$head
go "$main"
commit 1600000205 'A merge that takes nothing' "$unwanted"

main=$head
text side/four 'one of two'
commit 1600000206 'One of two'
first=$head
go "$main"
text side/five 'two of two'
commit 1600000206 'Two of two'
second=$head
go "$main"
text side/four 'one of two'
text side/five 'two of two'
text main-only 'changed by the merge itself'
drop jump
commit 1600000150 'A merge of three, with changes of its own, earlier than its parents' \
    "$first" "$second"

# A merge whose first parent is the side: the line runs through the side's commits.
main=$head
go "$fork"
text crossing 'the line runs here'
commit 1600000120 'On a side that becomes the line'
git read-tree "$main"
text crossing 'the line runs here'
commit 1600000210 'A merge from the other side' "$main"

# ---- All gone, and back -------------------------------------------------------------------------

full=$head
git read-tree --empty
commit 1600000300 'Nothing is left'
text alone 'one file'
commit 1600000300 'One file'
git read-tree "$full"
commit 1600000301 'Everything is back'

# ---- Many small steps ---------------------------------------------------------------------------

# Times from a generator of random numbers, mostly out of order.
seed=1
step=0
while [ $step -lt 20 ]; do
    seed=$(((seed * 1103515245 + 12345) % 2147483648))
    text "steps/$((seed / 65536 % 7))" "step $step" "$seed"
    if [ $((step % 5)) -eq 4 ]; then
        drop "steps/$((seed / 65536 % 7))"
    fi
    commit $((1600000400 + seed / 65536 % 10)) "Step $step"
    step=$((step + 1))
done

git update-ref refs/heads/main "$head"
git update-ref refs/heads/side "$side"
git tag -a -m 'An annotated tag' tagged main
