/* Keys that jobs leave as they are. */
#include "damaged_keys.h"

#include <inttypes.h>

/* So many are named; all are counted. */
enum { NAMED_MAX = 20 };

void damaged_keys_tell(void *arg, const varve_damaged_key *key)
{
    struct damaged_keys *damaged = arg;
    const struct cli *cli = damaged->cli;
    char text[CLI_KEY_TEXT_MAX];

    if (damaged->told++ >= NAMED_MAX)
        return;
    cli_note(cli, "%s %s is damaged and left as it is: %s",
             key->has_user_key ? "key" : "the stored key",
             cli_key_text(cli, key->has_user_key ? key->user_key : key->engine_key, text),
             cli->redact ? varve_status_text(key->status) : key->text);
}

enum tool_exit damaged_keys_end(const struct cli *cli, const struct store *store, uint64_t count)
{
    if (count == 0)
        return TOOL_OK;
    return cli_fail(cli, TOOL_CORRUPT,
                    "%s: %" PRIu64 " damaged keys were left as they are; `varve check` says what "
                    "is wrong with them",
                    store->path, count);
}
