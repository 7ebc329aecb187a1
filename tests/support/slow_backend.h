/*
 * A backend that takes its time, in front of a real one, so that other threads come in between.
 */
#ifndef VARVE_TESTS_SUPPORT_SLOW_BACKEND_H
#define VARVE_TESTS_SUPPORT_SLOW_BACKEND_H

#include "engine/engine.h"

/* A pause of the length that it makes. */
void wait_a_little(void);

/*
 * Put it in front of `engine`'s store, of which there is one at a time.  Commits take their time
 * before and after they can be seen: in the one, what is opened does not show them; in the other,
 * everybody sees them and they have not returned.  An iterator that has been opened is handed out
 * so many pauses later.  Of the pauses for commits and openings each `nth` is made.
 */
void slow_backend_insert(varve_engine *engine, unsigned pauses_of_opening, unsigned nth);

/* Take it away. */
void slow_backend_remove(varve_engine *engine);

#endif
