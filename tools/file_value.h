/*
 * Values of files of a git repository: tag TUPLE, the data being the mode as six octal digits, one
 * blank, and the content (of a symbolic link its target, of a submodule the commit id in
 * hexadecimal).
 */
#ifndef TOOLS_FILE_VALUE_H
#define TOOLS_FILE_VALUE_H

#include <varve/varve.h>

#define FILE_MODE_SIZE 6
#define FILE_HEADER_SIZE (FILE_MODE_SIZE + 1)

/* Modes as git knows them. */
#define FILE_MODE_REGULAR "100644"
#define FILE_MODE_EXECUTABLE "100755"
#define FILE_MODE_SYMLINK "120000"
#define FILE_MODE_SUBMODULE "160000"

struct file_value {
    char mode[FILE_MODE_SIZE + 1];
    varve_slice content; /* points into the raw value */
};

/* Take a raw value apart.  Returns false if it is none of a file. */
bool file_value_decode(varve_slice raw, struct file_value *file);

#endif
