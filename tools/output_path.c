/* Paths of what a command makes. */
#include "output_path.h"

#include <sys/stat.h>

enum tool_exit output_is_new(const struct cli *cli, const char *path)
{
    struct stat what;

    if (lstat(path, &what) != 0)
        return TOOL_OK;
    return cli_fail(cli, TOOL_EXISTS,
                    "%s: there is something already, and nothing is overwritten; name another "
                    "path, or remove it",
                    path);
}
