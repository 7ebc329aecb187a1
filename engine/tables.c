#include "engine/engine.h"

#include "util/alloc.h"
#include "util/buf.h"
#include "util/fail.h"

/* The tables of a store, copied: the walk may take its time, and use the engine. */
struct collected {
    varve_buf tables; /* of varve_table; their slices point nowhere yet, only their sizes count */
    varve_buf bytes;  /* what they will point to, one behind the other */
    varve_status status;
    varve_error *err;
};

static bool collect(void *arg, const varve_table *table)
{
    struct collected *to = arg;
    const varve_slice parts[] = {varve_slice_of(table, sizeof *table), table->name, table->start,
                                 table->end};
    to->status = varve__buf_append(&to->tables, parts[0], to->err);
    for (unsigned i = 1; i < 4 && to->status == VARVE_OK; i++)
        to->status = varve__buf_append(&to->bytes, parts[i], to->err);
    return to->status == VARVE_OK;
}

/* Cut the next `size` bytes off `rest`. */
static varve_slice cut(varve_slice *rest, size_t size)
{
    varve_slice front = varve_slice_of(rest->data, size);
    if (size > 0)
        *rest = varve_slice_of(rest->data + size, rest->size - size);
    return front;
}

static void walk(const struct collected *from, varve_table_fn each, void *arg)
{
    varve_slice rest = varve_buf_slice(&from->bytes);
    bool more = true;
    for (size_t at = 0; more && at < from->tables.size; at += sizeof(varve_table)) {
        varve_table table;
        memcpy(&table, from->tables.data + at, sizeof table);
        table.name = cut(&rest, table.name.size);
        table.start = cut(&rest, table.start.size);
        table.end = cut(&rest, table.end.size);
        more = each(arg, &table);
    }
}

varve_status varve_engine_tables(varve_engine *engine, varve_table_fn each, void *arg,
                                 varve_error *err)
{
    struct collected all = {VARVE_BUF_INIT, VARVE_BUF_INIT, VARVE_OK, err};
    varve__store *store = varve__engine_enter(engine);
    varve_status status = engine->ops->tables(store, collect, &all, err);
    varve__engine_leave(engine);
    if (status == VARVE_OK)
        status = all.status;
    if (status == VARVE_OK)
        walk(&all, each, arg);
    varve_buf_release(&all.tables);
    varve_buf_release(&all.bytes);
    return status;
}
