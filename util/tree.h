/*
 * Walking over a tree of files.
 */
#ifndef VARVE_UTIL_TREE_H
#define VARVE_UTIL_TREE_H

#include <sys/stat.h>

#include <varve/error.h>

/*
 * One entry: `name` in the open directory `directory`.  VARVE_OK goes on, any other status ends the
 * walk.
 */
typedef varve_status (*varve__tree_fn)(void *arg, int directory, const char *name,
                                       const struct stat *what, varve_error *err);

/*
 * Call `each` for everything below the directory `name` in `parent` (AT_FDCWD or an open one): what
 * is in a directory before the directory itself.  Links are not followed.  What vanishes meanwhile
 * is passed over.
 *
 * Returns VARVE_OK, what `each` does, or VARVE_IO.
 */
varve_status varve__tree_walk(int parent, const char *name, varve__tree_fn each, void *arg,
                              varve_error *err);

#endif
