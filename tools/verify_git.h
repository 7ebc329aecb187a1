/*
 * Holding an imported history against the repository that it came from.
 */
#ifndef TOOLS_VERIFY_GIT_H
#define TOOLS_VERIFY_GIT_H

#include "output.h"
#include "progress.h"
#include "store.h"
#include "verify_repository.h"

#define VERIFY_DIFFERENCES_SHOWN 10

/* What is compared, and what came of it.  The caller sets what stands first. */
struct verify {
    const struct cli *cli;
    const struct store *store;
    struct repository *repository;
    uint64_t seed;
    uint64_t pairs_wanted;
    uint64_t listings_wanted;

    uint64_t pairs;
    uint64_t absent;  /* pairs without a file */
    uint64_t deleted; /* of these, where the store knows of a deletion */
    uint64_t executables;
    uint64_t symlinks;
    uint64_t submodules;
    uint64_t listings;
    uint64_t entries; /* of listings */
    uint64_t bytes;   /* of values read from the store */
    uint64_t differences;
    char *shown[VERIFY_DIFFERENCES_SHOWN]; /* the first of them, in words */

    varve_ts *times; /* of the commits; zero for one that is not in the store */
    struct progress progress;
};

/*
 * Compare the commits, their times, the pairs of path and commit, and the listings.  Differences
 * are counted, and TOOL_OK returned; failures are printed.  The caller releases `verify` whatever
 * is returned.
 */
enum tool_exit verify_git(struct verify *verify);

void verify_release(struct verify *verify);

#endif
