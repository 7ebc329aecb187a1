/*
 * Directories that live as long as a call or a handle, and files that are linked, copied, synced
 * and removed in and out of them.
 */
#ifndef VARVE_ENGINE_SCRATCH_H
#define VARVE_ENGINE_SCRATCH_H

#include <varve/error.h>

/* Record a failed call on a file: `verb` as in "cannot copy PATH: ...", errno says why. */
varve_status varve__fail_path(varve_error *err, const char *verb, const char *path);

/*
 * Replace the contents of `path` by PARENT/NAME and a NUL that `size` does not count.  Returns
 * VARVE_OK or VARVE_NO_MEMORY.
 */
varve_status varve__path_join(varve_buf *path, const char *parent, const char *name,
                              varve_error *err);

/* The text of such a buffer. */
static inline const char *varve__path_text(const varve_buf *path)
{
    return (const char *)path->data;
}

/*
 * Make a new directory below `parent`, NULL for the system's place for such, and put its path into
 * `path`.  Returns VARVE_OK, VARVE_IO, VARVE_NO_SPACE or VARVE_NO_MEMORY.
 */
varve_status varve__scratch_make(const char *parent, varve_buf *path, varve_error *err);

/* The same beside `path`, on its file system. */
varve_status varve__scratch_beside(const char *path, varve_buf *scratch, varve_error *err);

/* Remove a file, or a directory with all that is in it, as far as that works. */
void varve__tree_remove(const char *path);

/* Copy a file to a new one.  Returns VARVE_OK, VARVE_IO, VARVE_NO_SPACE or VARVE_NO_MEMORY. */
varve_status varve__file_copy(const char *from, const char *to, varve_error *err);

/* Sync a file, a directory, or the directory that a file lies in.  Returns VARVE_OK, VARVE_IO,
 * VARVE_NO_SPACE. */
varve_status varve__file_sync(const char *path, varve_error *err);
varve_status varve__directory_sync(const char *path, varve_error *err);
varve_status varve__parent_sync(const char *path, varve_error *err);

#endif
