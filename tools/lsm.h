/*
 * The levels of table files in a store.
 */
#ifndef TOOLS_LSM_H
#define TOOLS_LSM_H

#include "cli.h"

/* One table file. */
struct lsm_table {
    uint64_t bytes;
    uint64_t entries;
    uint64_t deletions;
    struct bytes name;
    struct bytes start; /* the smallest engine key */
    struct bytes end;   /* the largest engine key */
};

/* The tables of one level: the largest first, equal ones by start key. */
struct lsm_level {
    int number;
    struct lsm_table *tables;
    size_t count;
    uint64_t bytes;
    uint64_t entries;
    uint64_t deletions;
    size_t first; /* the table with the smallest key */
    size_t last;  /* the table with the largest key */
};

/* The levels that have tables, in ascending order.  Start one as {0}. */
struct lsm {
    struct lsm_level *levels;
    size_t count;
    bool no_memory;
};

/* Add a table; tables come in the order of varve_engine_tables().  Returns false without memory. */
bool lsm_add(struct lsm *lsm, const varve_table *table);

/* How many tables a read may have to look at: those of level 0, and one of each other level. */
size_t lsm_read_amplification(const struct lsm *lsm);

/*
 * The text form, one line a level: `<level> [ <bytes> <tables> ]: <size> <size>[<n>] ...`.
 * Allocated; NULL without memory.
 */
char *lsm_text(const struct lsm *lsm);

void lsm_release(struct lsm *lsm);

#endif
