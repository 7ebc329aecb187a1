#include "tests/support/fault.h"

#include <stdlib.h>

#include <check.h>

#include "engine/iter.h"
#include "util/fail.h"

typedef struct fault_iter {
    varve__iter it;
    varve_iter *inner;
    fault_view *view;
} fault_iter;

static bool fires(fault_view *view)
{
    if (view->until_fault == 0 || --view->until_fault > 0)
        return false;
    view->fired = true;
    return true;
}

static varve_status inject(varve_error *err)
{
    return varve__fail(err, VARVE_IO, "injected failure");
}

/* ---- The iterator ------------------------------------------------------------------------------
 */

static fault_iter *fault_iter_of(varve_iter *head)
{
    return (fault_iter *)(void *)head;
}

/* Stand where the inner iterator does. */
static void follow(fault_iter *it)
{
    varve_error err = VARVE_ERROR_INIT;
    if (it->inner->valid)
        varve__iter_found(&it->it, it->inner->key);
    else if (varve_iter_status(it->inner, &err) == VARVE_OK)
        varve__iter_exhausted(&it->it);
    else
        (void)varve__error_copy(&err, varve__iter_failed(&it->it));
    varve_error_release(&err);
}

static bool movement_fails(fault_iter *it)
{
    if (!fires(it->view))
        return false;
    (void)inject(varve__iter_failed(&it->it));
    return true;
}

static void fault_seek_ge(varve_iter *head, varve_slice engine_key)
{
    fault_iter *it = fault_iter_of(head);
    varve__iter_restart(&it->it);
    if (movement_fails(it))
        return;
    it->view->seeks++;
    (void)varve_iter_seek_ge(it->inner, engine_key);
    follow(it);
}

static void fault_seek_le(varve_iter *head, varve_slice engine_key)
{
    fault_iter *it = fault_iter_of(head);
    varve__iter_restart(&it->it);
    if (movement_fails(it))
        return;
    it->view->seeks++;
    (void)varve_iter_seek_le(it->inner, engine_key);
    follow(it);
}

static void fault_next(varve_iter *head)
{
    fault_iter *it = fault_iter_of(head);
    if (movement_fails(it))
        return;
    it->view->steps++;
    (void)varve_iter_next(it->inner);
    follow(it);
}

static void fault_prev(varve_iter *head)
{
    fault_iter *it = fault_iter_of(head);
    if (movement_fails(it))
        return;
    it->view->steps++;
    (void)varve_iter_prev(it->inner);
    follow(it);
}

static varve_slice fault_value(const varve_iter *head)
{
    return varve_iter_value(((const fault_iter *)(const void *)head)->inner);
}

static void fault_close(varve_iter *head)
{
    fault_iter *it = fault_iter_of(head);
    varve_iter_close(it->inner);
    varve__iter_release(&it->it);
    free(it);
}

static const varve_iter_ops iter_ops = {
    .seek_ge = fault_seek_ge,
    .seek_le = fault_seek_le,
    .next = fault_next,
    .prev = fault_prev,
    .value = fault_value,
    .close = fault_close,
};

/* ---- The view ----------------------------------------------------------------------------------
 */

static varve_status fault_get(varve_reader *reader, varve_slice engine_key, varve_buf *value,
                              varve_error *err)
{
    fault_view *view = VARVE__CONTAINER_OF(reader, fault_view, reader);
    return fires(view) ? inject(err) : varve_reader_get(view->reads, engine_key, value, err);
}

static varve_status fault_iter_open(varve_reader *reader, const varve_iter_options *options,
                                    varve_slice prefix, varve_iter **out, varve_error *err)
{
    fault_view *view = VARVE__CONTAINER_OF(reader, fault_view, reader);
    if (fires(view))
        return inject(err);
    fault_iter *it = calloc(1, sizeof *it);
    ck_assert_ptr_nonnull(it);
    it->view = view;
    varve_status status =
        view->reads->ops->iter_open(view->reads, options, prefix, &it->inner, err);
    if (status == VARVE_OK)
        status = varve__iter_init(&it->it, &iter_ops, options, err);
    if (status != VARVE_OK) {
        varve_iter_close(it->inner);
        free(it);
        return status;
    }
    *out = &it->it.head;
    return VARVE_OK;
}

static varve_status fault_apply(varve_writer *writer, varve_slice repr, varve_error *err)
{
    fault_view *view = VARVE__CONTAINER_OF(writer, fault_view, writer);
    if (fires(view))
        return inject(err);
    view->written++;
    return varve_writer_apply(view->writes, repr, err);
}

static varve_status fault_write(varve_writer *writer, const varve_record *record, varve_error *err)
{
    fault_view *view = VARVE__CONTAINER_OF(writer, fault_view, writer);
    if (fires(view))
        return inject(err);
    view->written++;
    return view->writes->ops->write(view->writes, record, err);
}

static const varve__reader_ops reader_ops = {fault_get, fault_iter_open};
static const varve__writer_ops writer_ops = {fault_apply, fault_write};

void fault_view_init(fault_view *view, varve_reader *reads, varve_writer *writes)
{
    *view = (fault_view){
        .reader = {.ops = &reader_ops}, .writer = {&writer_ops}, .reads = reads, .writes = writes};
}

void fault_view_arm(fault_view *view, unsigned nth)
{
    view->until_fault = nth;
    view->fired = false;
    view->written = 0;
    view->seeks = 0;
    view->steps = 0;
}
