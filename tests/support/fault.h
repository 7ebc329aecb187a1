/*
 * A reader and a writer that pass everything on to others, until the n-th call fails.
 *
 * Calls are: get, opening an iterator, each movement of an iterator, apply and the small forms of
 * it. The one that fails does nothing and reports VARVE_IO, "injected failure".
 */
#ifndef VARVE_TESTS_SUPPORT_FAULT_H
#define VARVE_TESTS_SUPPORT_FAULT_H

#include <varve/engine.h>

#include "engine/view.h"

typedef struct fault_view {
    varve_reader reader;
    varve_writer writer;
    varve_reader *reads;
    varve_writer *writes;
    unsigned until_fault; /* 0 = no fault is to come */
    bool fired;
    unsigned written; /* calls of the writer that were passed on, since arming */
    unsigned seeks;   /* likewise, of iterators */
    unsigned steps;
} fault_view;

/* Pass on to `reads` and `writes`.  Iterators are closed before the view goes. */
void fault_view_init(fault_view *view, varve_reader *reads, varve_writer *writes);

/* Let the `nth` call from now fail, counted from 1; 0 = none. */
void fault_view_arm(fault_view *view, unsigned nth);

#endif
