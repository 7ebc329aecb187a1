#!/bin/sh
# Run the history files of a folder outside of the sources on one backend:
#
#     further.sh PROGRAM BACKEND FOLDER
#
# The environment's VARVE_HISTORIES takes the place of FOLDER.  Without one the test is skipped.
set -eu

folder=${VARVE_HISTORIES:-$3}
if [ -z "$folder" ] || [ ! -d "$folder" ]; then
    echo "skipped: there is no folder of further histories; name one by -DVARVE_HISTORIES=FOLDER," \
        "or by VARVE_HISTORIES in the environment"
    exit 77
fi
exec "$1" --backend "$2" "$folder"
