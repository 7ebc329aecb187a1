/* varve: look at a store, and work on it. */
#include "cli.h"

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <unistd.h>

/*
 * A standard stream that came closed would be the number of the next file opened: messages would be
 * written into the store.  Something else takes its place, from which input and output fail as from
 * a closed one.
 */
static void occupy_standard_streams(void)
{
    static const int modes[] = {O_WRONLY, O_RDONLY, O_RDWR};

    for (int fd = 0; fd < 3; fd++) {
        /* The lowest free number, which is this one, is what open() gives. */
        if (fcntl(fd, F_GETFD) < 0 && errno == EBADF && open("/dev/null", modes[fd]) < 0)
            continue;
    }
}

int main(int argc, char **argv)
{
    occupy_standard_streams();
    /* Tables have to know how wide a character is. */
    setlocale(LC_CTYPE, "");
    /* A reader that goes away is a failed write, so that stores are closed as always. */
    signal(SIGPIPE, SIG_IGN);
    return (int)cli_main(argc, argv);
}
