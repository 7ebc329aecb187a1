/*
 * Names that git gives to contents.
 */
#ifndef TOOLS_GIT_OBJECT_H
#define TOOLS_GIT_OBJECT_H

#include "file_value.h"

/* Room for an object id in hexadecimal, with its terminator. */
#define GIT_OBJECT_ID_MAX 65

enum git_hash { GIT_SHA1, GIT_SHA256 };

/* The id of the blob that holds `content`. */
void git_blob_id(enum git_hash hash, varve_slice content, char id[GIT_OBJECT_ID_MAX]);

/*
 * The id under which a tree lists a file: that of its blob, or the commit of a submodule.  Returns
 * false for a submodule whose content is no commit id.
 */
bool git_entry_id(enum git_hash hash, const struct file_value *file, char id[GIT_OBJECT_ID_MAX]);

/* "blob", or "commit" for a submodule. */
const char *git_entry_type(const struct file_value *file);

/* Whether `text` is a whole object id: 40 or 64 lower-case hexadecimal digits. */
bool git_is_object_id(varve_slice text);

/*
 * How git quotes a byte of a path where names are separated by newlines, with core.quotePath set as
 * it is by default: control characters, quotes, backslashes and bytes from 7F up.  Returns false,
 * leaving `text` alone, for a byte that stands for itself; a path with no other is not quoted.
 */
bool git_quote_byte(unsigned char byte, char text[5]);

#endif
