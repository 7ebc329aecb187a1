/*
 * The table files of a store, also of one that does not open.
 */
#ifndef TOOLS_TABLE_LIST_H
#define TOOLS_TABLE_LIST_H

#include "store.h"

struct table_entry {
    char *name;         /* "000009.sst" */
    int level;          /* -1 = not known */
    struct bytes start; /* its smallest engine key, */
    struct bytes end;   /* and its largest; empty = not known */
};

/* Start one as {0}. */
struct table_list {
    struct table_entry *tables;
    size_t count;
    bool no_memory;
};

/* Those of an open store, by their levels, the newest of each first.  Prints the failure. */
enum tool_exit table_list_of_store(const struct cli *cli, const struct store *store,
                                   struct table_list *list);

/*
 * The same of all table files in the folder of a store, with the levels that its manifest gives
 * them, as far as ldb, of RocksDB's own tools, can read it and is installed.  Prints the failure.
 */
enum tool_exit table_list_of_files(const struct cli *cli, const char *path,
                                   struct table_list *list);

void table_list_release(struct table_list *list);

#endif
