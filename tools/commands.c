/* The commands of the tool, in the order of its help but for their sections. */
#include "cli.h"

/* One a line, so that it is easy to add one. */
#define COMMAND_MAP(X)                                                                             \
    X(get)                                                                                         \
    X(history)                                                                                     \
    X(scan)                                                                                        \
    X(keys)                                                                                        \
    X(range_data)                                                                                  \
    X(intents)                                                                                     \
    X(top)                                                                                         \
    X(split_key)                                                                                   \
    X(approx_size)                                                                                 \
    X(find)                                                                                        \
    X(lsm)                                                                                         \
    X(info)                                                                                        \
    X(gc_estimate)                                                                                 \
    X(gc_run)                                                                                      \
    X(gc_holds)                                                                                    \
    X(gc_hold)                                                                                     \
    X(gc_release)                                                                                  \
    X(key_encode)                                                                                  \
    X(key_decode)                                                                                  \
    X(value_decode)                                                                                \
    X(meta_decode)                                                                                 \
    X(batch_decode)                                                                                \
    X(check)                                                                                       \
    X(stats_show)                                                                                  \
    X(stats_recount)                                                                               \
    X(stats_repair)                                                                                \
    X(stats_consolidate)                                                                           \
    X(sst_dump_records)                                                                            \
    X(sst_check)                                                                                   \
    X(sst_properties)                                                                              \
    X(wal_dump)                                                                                    \
    X(verify)                                                                                      \
    X(import)                                                                                      \
    X(intents_resolve)                                                                             \
    X(export)                                                                                      \
    X(compact)                                                                                     \
    X(checkpoint)                                                                                  \
    X(salvage)                                                                                     \
    X(put)                                                                                         \
    X(del)                                                                                         \
    X(cput)                                                                                        \
    X(inc)                                                                                         \
    X(merge)                                                                                       \
    X(clear_range)                                                                                 \
    X(batch)                                                                                       \
    X(ldb)                                                                                         \
    X(sst_dump)

#define DECLARE(name) extern const struct command cmd_##name;
COMMAND_MAP(DECLARE)
#undef DECLARE

const struct command *const commands[] = {
#define ADDRESS(name) &cmd_##name,
    COMMAND_MAP(ADDRESS)
#undef ADDRESS
        NULL,
};
