/* varve: look at a store, and work on it. */
#include "cli.h"

#include <locale.h>
#include <signal.h>

int main(int argc, char **argv)
{
    /* Tables have to know how wide a character is. */
    setlocale(LC_CTYPE, "");
    /* A reader that goes away is a failed write, so that stores are closed as always. */
    signal(SIGPIPE, SIG_IGN);
    return (int)cli_main(argc, argv);
}
